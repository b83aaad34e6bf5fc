"""What the budgets' doors take."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from api.bodies import Body
from contracts.budgets import BudgetTerms, Period, Scope, Unit
from domain.budgets.status import DEFAULT_THRESHOLDS


class BudgetTermsBody(Body):
    """How much may be spent, in which window, and what happens on the way there."""

    limit: Decimal = Field(examples=["100.00"])
    unit: Unit = Unit.USD
    currency: Literal["USD"] = "USD"
    hard: bool = True
    period: Period = Period.MONTH
    rolling: bool = False
    time_zone: str = Field(default="UTC", max_length=100, examples=["Europe/Berlin"])
    thresholds: list[Decimal] = Field(default=list(DEFAULT_THRESHOLDS), max_length=20)

    def terms(self, scope: Scope, value: str, name: str) -> BudgetTerms:
        """The terms, of a budget of that name for them."""
        return BudgetTerms(
            name=name,
            scope=scope,
            value=value,
            unit=self.unit,
            limit=self.limit,
            hard=self.hard,
            period=self.period,
            rolling=self.rolling,
            time_zone=self.time_zone,
            thresholds=tuple(sorted(self.thresholds)),
        )


class BudgetBody(BudgetTermsBody):
    """A budget. `value` is whom it counts: a user, a key's id, `name=value` of a tag, `provider:model`, a run; nothing for the
    workspace; `*` (`name=*`) gives each the limit by itself. A soft budget (`hard` false) only alerts. `thresholds` are
    percentages.
    """

    scope: Scope
    value: str = Field(default="", max_length=200, examples=["ada"])
    name: str = Field(default="", max_length=200, examples=["Ada's month"])


class BudgetChange(Body):
    """What is to change; what is absent stays. A raised limit holds in the present window at once, and so does a lowered one."""

    name: str | None = Field(default=None, max_length=200)
    limit: Decimal | None = None
    thresholds: list[Decimal] | None = Field(default=None, max_length=20)
