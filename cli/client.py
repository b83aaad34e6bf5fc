"""Reaching the API from the command line."""

import json
from dataclasses import dataclass
from typing import Any

import httpx2

from cli.exits import Exit, fail
from settings import Settings

_CODES = {401: Exit.UNAUTHORISED, 403: Exit.UNAUTHORISED, 404: Exit.NOT_FOUND, 409: Exit.CONFLICT, 412: Exit.CONFLICT}


@dataclass(frozen=True, slots=True)
class Server:
    """Where the API is, and the key for it."""

    url: str
    key: str

    def http(self, timeout: httpx2.Timeout | None = None) -> httpx2.AsyncClient:
        """A client of it."""
        return httpx2.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=timeout or httpx2.Timeout(30),
            # Reading whom to trust takes 40 ms, which plain HTTP has no use for.
            verify=self.url.startswith("https:"),
        )


def state() -> dict[str, str]:
    """What a running `perdure up` wrote down about itself; empty where there is none."""
    try:
        found: dict[str, str] = json.loads((Settings().data_dir / "state.json").read_text())
    except (OSError, ValueError):
        return {}
    return found


def reach(url: str | None, key: str | None) -> Server:
    """The server that was named, or that `perdure up` runs here. Ends the command where neither is known."""
    known = state()
    found_url, found_key = url or known.get("url"), key or known.get("key")
    if not found_url or not found_key:
        fail("No server is known. Run `perdure up`, or set PERDURE_URL and PERDURE_API_KEY.", Exit.UNREACHABLE)
    return Server(found_url.rstrip("/"), found_key)


async def ask(http: httpx2.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    """The JSON answer of a request. Ends the command with the problem's own sentence where there is one."""
    try:
        answer = await http.request(method, path, json=body)
    except httpx2.TransportError:
        fail(f"{http.base_url} cannot be reached. Is `perdure up` running?", Exit.UNREACHABLE)
    if answer.is_error:
        fail(explain(answer), exit_of(answer))
    return answer.json() if answer.content else None


def exit_of(answer: httpx2.Response) -> Exit:
    """How the command ends by an error answer."""
    return _CODES.get(answer.status_code, Exit.FAILED)


def explain(answer: httpx2.Response) -> str:
    """What an error answer says."""
    try:
        problem = answer.json()
    except ValueError:
        return f"The server answered {answer.status_code}."
    return str(problem.get("detail") or problem)
