"""A caller of the house, and what it is told: by OpenAI's client, by the turn, and by the provider's own log."""

import asyncio
import itertools
import json
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2
import openai

from contracts.health import BreakerKey
from contracts.policies import Breaker
from tests.fixtures.house import Running

Mode = Literal["whole", "stream"]
MODES: tuple[Mode, ...] = ("whole", "stream")
WORDS = "One two three four five six seven eight nine ten eleven twelve."
"""What every model is told to say, so that one attempt repeats another."""
ASKED = "Count to twelve."
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Told:
    """What the caller got: `text` and a `finish` reason, or `error`, a code in OpenAI's shape."""

    turn_id: str
    text: str
    finish: str | None
    refusal: str = ""
    error: str | None = None
    status: int | None = None
    message: str = ""


@dataclass(slots=True)
class Caller:
    """Asks the house, and reads the simulator's log. Models are named anew each time, so that no breaker knows them."""

    house: Running
    client: openai.AsyncOpenAI
    http: httpx2.AsyncClient
    scenarios: list[str] = field(default_factory=list)
    since: int = 0
    """The number of the provider's last call before this caller came."""

    def model(self, provider: str, behaviour: dict[str, Any] | None = None, **options: Any) -> str:
        """A fresh model of the provider that says `WORDS` in its way; its ref."""
        name = f"sim-case-{next(_numbers)}"
        said = {"text": WORDS, **(behaviour or {})}
        simulator = self.house.simulator
        self.scenarios.append(simulator.scenario(said, match={"model": name}, **options))
        if options:
            self.scenarios.append(simulator.scenario({"text": WORDS}, match={"model": name}))
        return f"{provider}:{name}"

    async def ask(self, mode: Mode, models: Sequence[str], text: str = ASKED, **fields: Any) -> Told:
        """Ask the models, the first and its fallbacks, at `/v1/chat/completions`."""
        asked = self.client.chat.completions
        messages: Any = [{"role": "user", "content": text}]
        body = {"models": list(models[1:]), **fields}
        try:
            if mode == "stream":
                return await _streamed(
                    await asked.create(model=models[0], messages=messages, extra_body=body, stream=True)
                )
            raw = await asked.with_raw_response.create(model=models[0], messages=messages, extra_body=body)
        except openai.APIStatusError as error:
            turn_id = error.response.headers.get("x-perdure-turn-id", "")
            return Told(turn_id, "", None, error=str(error.code), status=error.status_code, message=error.message)
        answer = raw.parse().choices[0]
        said = answer.message
        return Told(
            raw.headers["x-perdure-turn-id"], said.content or "", answer.finish_reason, refusal=said.refusal or ""
        )

    async def turn(self, turn_id: str) -> dict[str, Any]:
        """The turn with its attempts."""
        found: dict[str, Any] = (await self.http.get(f"/api/turns/{turn_id}")).raise_for_status().json()
        return found

    async def finished(self, turn_id: str) -> dict[str, Any]:
        """The turn, once it has ended."""
        async with asyncio.timeout(30):
            while True:
                turn = await self.turn(turn_id)
                if turn["state"] in ("completed", "failed", "cancelled"):
                    return turn
                await asyncio.sleep(0.02)

    def calls(self, model: str) -> list[dict[str, Any]]:
        """The provider's log of the calls of a model, in order."""
        rows = self.house.simulator.calls(after=self.since)
        return [call for call in rows if call["model"] == model.partition(":")[2] and call["billable"]]

    def gaps(self, model: str) -> list[float]:
        """Seconds from each call's end to the next one's beginning."""
        return [after["monotonic"] - before["ended"] for before, after in itertools.pairwise(self.calls(model))]

    async def close_breakers(self) -> None:
        """Close every breaker and forget what was told of it."""
        health = self.house.house.health
        await health.tell()
        await health.look()
        keys: list[BreakerKey] = [breaker.key for breaker in health.view.breakers()]
        await health.reset(keys)

    def forget_scenarios(self) -> None:
        self.scenarios.clear()
        self.house.simulator.clear_scenarios()


def ledger_of(turn: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """Of each attempt the model, how it ended, and the kind of its failure."""
    return [(row["model"], row["state"], row["error_kind"]) for row in turn["attempts"]]


async def put_policy(house: Running, policy: dict[str, Any]) -> None:
    """Put a policy in force for the workspace, here and now."""
    async with house.http() as http:
        headers = {"Content-Type": "application/json"}
        (await http.put("/api/policies", json=policy, headers=headers)).raise_for_status()


async def set_breaker(house: Running, **said: Any) -> None:
    """Say in the deployment's file when a model is left alone; all else is its default."""
    path = house.house.settings.policies_file
    assert path is not None
    path.write_text(json.dumps({"breaker": said}))
    async with asyncio.timeout(10):
        while house.house.policies.deployment.policy.policy.breaker != Breaker(**said):  # noqa: ASYNC110 - a file is watched
            await asyncio.sleep(0.02)


async def at_once(*cases: tuple[str, Coroutine[Any, Any, None]]) -> None:
    """Run cases at once. Raises an `ExceptionGroup` of all that failed, each with its case's name."""
    ended = await asyncio.gather(*(case for _, case in cases), return_exceptions=True)
    failed = []
    for (name, _), error in zip(cases, ended, strict=True):
        if isinstance(error, Exception):
            error.add_note(f"case: {name}")
            failed.append(error)
    if failed:
        raise ExceptionGroup(", ".join(error.__notes__[-1] for error in failed), failed)


async def _streamed(stream: "openai.AsyncStream[Any]") -> Told:
    turn_id, text, refusal, finish = stream.response.headers["x-perdure-turn-id"], "", "", None
    try:
        async for chunk in stream:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                refusal += choice.delta.refusal or ""
                finish = choice.finish_reason or finish
    except openai.APIError as error:
        return Told(turn_id, text, None, refusal, error=str(error.code), message=error.message)
    return Told(turn_id, text, finish, refusal)
