"""Telling a result to an address of the caller's: signed, guarded, and as often as the caller of this asks."""

from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network

from temporalio import activity

from contracts.tools import ToolError
from domain.signing import key_of, signed
from tools.http.hosts import HostRule
from tools.http.sending import Ask, Sender

_ANSWER_BYTES = 2_000
NOBODY_TOLD = "Its time was over before a worker could tell it."


class RefusedCallbackError(Exception):
    """The receiver answered, and not that it took it. `final`: it said that it never will."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


class Callbacks:
    """Sends by the Standard Webhooks specification (github.com/standard-webhooks/standard-webhooks, spec 1.0.0)."""

    def __init__(self, secret: str, networks: tuple[IPv4Network | IPv6Network, ...] = ()) -> None:
        self._key = key_of(secret)
        self._networks = networks

    async def tell(self, url: str, message_id: str, body: bytes, *, now: datetime) -> None:
        """POST a body. The same `message_id` whenever it is told again.

        Raises `ToolError` where the address is not one that may be reached, or could not be; RefusedCallbackError.
        """
        import httpx2

        target = httpx2.URL(url)
        rule = HostRule(
            host=target.raw_host.decode("ascii").lower(),
            schemes=(target.scheme,),
            port=target.port,
            methods=("POST",),
            networks=self._networks,
        )
        sender = Sender((rule,), lambda name: "")
        try:
            headers = signed(self._key, message_id, body, now=now)
            ask = Ask("POST", url, headers, body, "application/json")
            answer = await sender.send(ask, max_bytes=_ANSWER_BYTES, redirects=0)
        finally:
            await sender.close()
        if not 200 <= answer.status < 300:
            # 410 Gone: the specification's word for an address that wants no more.
            raise RefusedCallbackError(f"The address answered HTTP {answer.status}.", final=answer.status == 410)


def is_last_try(now: datetime) -> bool:
    """Whether the activity that runs here would not be tried again after a failure: its time, of all tries together, is up."""
    info = activity.info()
    policy, most = info.retry_policy, info.schedule_to_close_timeout
    if policy is None or most is None:
        return False
    pause = policy.initial_interval.total_seconds() * policy.backoff_coefficient ** min(info.attempt - 1, 200)
    if policy.maximum_interval is not None:
        pause = min(pause, policy.maximum_interval.total_seconds())
    return now + timedelta(seconds=pause) >= info.scheduled_time + most


async def told(
    callbacks: Callbacks | None, url: str, message_id: str, body: bytes, *, now: datetime
) -> tuple[str | None, bool]:
    """Tell it once: why nobody took it, None where somebody did, and whether it is of no use to try again."""
    if callbacks is None:
        return "This deployment signs no callbacks: PERDURE_CALLBACK_SECRET is not set.", True
    try:
        await callbacks.tell(url, message_id, body, now=now)
    except RefusedCallbackError as refused:
        return str(refused), refused.final
    except ToolError as unreached:
        return unreached.message, False
    return None, False
