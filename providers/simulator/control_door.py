"""The control door: scenarios in, the log and the totals out."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import orjson
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from providers.simulator.calls import LONGEST_LOG
from providers.simulator.connection import Connection
from providers.simulator.scenarios import Scenario
from providers.simulator.state import State


@dataclass(frozen=True, slots=True)
class _Release:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1)] | None = None


_SCENARIO: TypeAdapter[Scenario] = TypeAdapter(Scenario)
_RELEASE: TypeAdapter[_Release] = TypeAdapter(_Release)


class ControlDoor:
    """Answers what is asked under `/control`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def serve(self, connection: Connection) -> None:
        """Answer one request."""
        try:
            status, content = await self._answer(connection)
        except ValidationError as problem:
            faults = [{"field": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in problem.errors()]
            status, content = 400, {"error": "The scenario is not valid.", "faults": faults}
        except orjson.JSONDecodeError as problem:
            status, content = 400, {"error": f"The body is not JSON: {problem.msg}."}
        except ValueError:
            status, content = 400, {"error": "`after` and `limit` must be whole numbers."}
        await connection.reply_json(status, content)

    async def _answer(self, connection: Connection) -> tuple[int, Any]:
        state = self._state
        match connection.method, connection.path.removeprefix("/control/").split("/"):
            case "POST", ["scenarios"]:
                scenario = _SCENARIO.validate_python(orjson.loads(await connection.body()))
                return 201, {"id": state.scenarios.add(scenario)}
            case "DELETE", ["scenarios"]:
                state.scenarios.clear()
                return 200, {"ok": True}
            case "DELETE", ["scenarios", identity]:
                found = state.scenarios.remove(identity)
                return (200, {"ok": True}) if found else (404, {"error": f"There is no scenario {identity}."})
            case "GET", ["calls"]:
                query = connection.query()
                after, limit = int(query.get("after", 0)), int(query.get("limit", LONGEST_LOG))
                return 200, {"calls": state.calls.rows(after=after, limit=max(limit, 0))}
            case "GET", ["totals"]:
                return 200, {"totals": state.calls.totals()}
            case "POST", ["reset"]:
                state.reset()
                return 200, {"ok": True}
            case "GET", ["holding"]:
                seqs = state.holding.seqs()
                return 200, {"holding": len(seqs), "seqs": seqs}
            case "POST", ["release"]:
                wish = _RELEASE.validate_python(orjson.loads(await connection.body() or b"{}"))
                return 200, {"released": state.holding.release(wish.count)}
            case method, _:
                return 404, {"error": f"There is no {method} {connection.path} here."}
