"""Settling what lost attempts left: what the schedule's workflow asks of the world, and what it reports."""

from abc import ABC, abstractmethod
from decimal import Decimal

from temporalio import activity

from contracts.base import Contract


class Swept(Contract):
    """What one sweep settled: so many reservations, of so many attempts, which came to so many USD.

    `estimated` is how many of the attempts were charged by estimate, since nobody knows what the provider billed for them.
    """

    reservations: int = 0
    attempts: int = 0
    estimated: int = 0
    usd: Decimal = Decimal(0)

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(
            reservations=self.reservations + other.reservations,
            attempts=self.attempts + other.attempts,
            estimated=self.estimated + other.estimated,
            usd=self.usd + other.usd,
        )


class SweepActivities(ABC):
    """What happens around budgets by itself."""

    @activity.defn(name="settle_left")
    @abstractmethod
    async def settle_left(self) -> Swept:
        """Settle what is still reserved though its attempt or its turn is over; some of it, where there is much."""
