"""Names that need no servers: decoding looks at nothing but the catalog."""

from typing import Any

from api.naming import Names
from api.openai.bodies import ChatBody
from api.openai.decode import decode
from contracts.turns import TurnRequest
from domain.catalog import Catalogs, offer


def names(default_model: str | None = None) -> Names:
    vendors = [offer(name, own_server=False, simulated=False) for name in ("openai", "anthropic")]
    catalogs = Catalogs([*vendors, offer("sim", own_server=True, simulated=True)])
    return Names(catalogs.plain, default_model)


def asked(default_model: str | None = None, **body: Any) -> TurnRequest:
    whole = {"model": "sim:sim-fast", "messages": [{"role": "user", "content": "Hi"}]} | body
    return decode(ChatBody.model_validate(whole), names(default_model))
