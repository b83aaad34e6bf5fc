"""A client of the simulator's control door, for tests, the benchmark and our own tools."""

from typing import Any, Self

import httpx2


class Simulator:
    """One running simulator at `url`. Blocking; each call is a request on loopback. Raises `httpx2.HTTPStatusError`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # Reading whom to trust takes 40 ms, which plain HTTP has no use for.
        verify = self.url.startswith("https:")
        self._http = httpx2.Client(base_url=self.url, timeout=30, trust_env=False, verify=verify)

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI's client."""
        return f"{self.url}/openai/v1"

    @property
    def anthropic_url(self) -> str:
        """The base URL for Anthropic's client."""
        return f"{self.url}/anthropic"

    @property
    def google_url(self) -> str:
        """The base URL for Google's client."""
        return f"{self.url}/google"

    def scenario(
        self,
        behaviour: dict[str, Any],
        *,
        match: dict[str, str] | None = None,
        times: int | None = None,
        skip: int = 0,
    ) -> str:
        """Post a scenario; returns its id. Fields are those of `Behaviour` and `Match`."""
        body: dict[str, Any] = {"behaviour": behaviour, "match": match or {}, "times": times, "skip": skip}
        return str(self._ask("POST", "scenarios", body)["id"])

    def remove_scenario(self, identity: str) -> None:
        """Forget one scenario."""
        self._ask("DELETE", f"scenarios/{identity}")

    def clear_scenarios(self) -> None:
        """Forget all scenarios; the log stays."""
        self._ask("DELETE", "scenarios")

    def calls(self, *, after: int = 0) -> list[dict[str, Any]]:
        """The log, oldest first; the fields are those of `Call`."""
        rows: list[dict[str, Any]] = self._ask("GET", f"calls?after={after}")["calls"]
        return rows

    def totals(self) -> list[dict[str, Any]]:
        """Sums per vendor, model and key; the fields are those of `Total`."""
        rows: list[dict[str, Any]] = self._ask("GET", "totals")["totals"]
        return rows

    def reset(self) -> None:
        """Forget scenarios, log and totals, and release what is held."""
        self._ask("POST", "reset")

    def holding(self) -> int:
        """How many calls are held now."""
        return int(self._ask("GET", "holding")["holding"])

    def release(self, count: int | None = None) -> int:
        """Let held calls go on, the oldest `count` or all; returns how many went."""
        return int(self._ask("POST", "release", {"count": count})["released"])

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, f"/control/{path}", json=body)
        if answer.status_code == httpx2.codes.BAD_REQUEST:
            raise ValueError(answer.text)
        answer.raise_for_status()
        return answer.json()
