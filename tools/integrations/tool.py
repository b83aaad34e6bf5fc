"""An integration's action as a tool."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from contracts.tools import ToolError
from tools.http.addresses import Resolve, resolve
from tools.http.answers import json_of, raise_for, retry_after
from tools.http.sending import SAFE_METHODS, Answer, Ask, Sender
from tools.integrations.declaration import Action, Integration
from tools.protocol import Arguments, CallContext, Secrets, ToolOutput

_ERROR_CHARS = 2_000


class ActionTool:
    """One action."""

    def __init__(self, integration: Integration, name: str, sender: Sender) -> None:
        self._integration = integration
        self._action = integration.actions[name]
        self._sender = sender
        self.definition = integration.definition(name)

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        """Send it, judge the answer, pick the result."""
        action = self._action
        ask = _request(self._integration.base_url, action, arguments, context)
        # No redirect: an API's action is where it was declared to be.
        answer = await self._sender.send(ask, max_bytes=action.max_bytes, redirects=0)
        repeatable = action.effects.retry == "safe"
        raise_for(answer, action.method, repeatable=repeatable)
        if answer.cut:
            raise ToolError(
                f"The answer is longer than {action.max_bytes} bytes. Ask for less, such as a smaller page."
            )
        said = {"status": answer.status, "body": _body(answer)}
        if action.ok is not None and _computed(action.ok, said) is not True:
            raise _refused(action, said, answer)
        if action.result is None:
            return ToolOutput(data=said["body"])
        return ToolOutput(data={name: _computed(expression, said) for name, expression in action.result.items()})

    async def close(self) -> None:
        """Close what is open."""
        await self._sender.close()


def integration_tools(
    integration: Integration, secrets: Secrets, *, resolver: Resolve = resolve
) -> tuple[ActionTool, ...]:
    """A tool for each action."""
    sender = Sender((integration.rule(),), secrets, resolver=resolver)
    return tuple(ActionTool(integration, name, sender) for name in integration.actions)


def _request(base_url: str, action: Action, arguments: Arguments, context: CallContext) -> Ask:
    path = action.path
    for name in action.placeholders:
        path = path.replace(f"{{{name}}}", _segment(name, arguments[name]))
    rest = {name: value for name, value in arguments.items() if name not in action.placeholders}
    rest = {**rest, **action.constants}
    if action.idempotency_field:
        rest[action.idempotency_field] = context.idempotency_key
    headers = dict(action.headers)
    if action.idempotency_header:
        headers[action.idempotency_header] = context.idempotency_key
    url = f"{base_url}{path}"
    match action.place:
        case "query":
            return Ask(action.method, f"{url}?{urlencode(_flat(rest))}" if rest else url, headers)
        case "form":
            body = urlencode(_flat(rest)).encode()
            return Ask(action.method, url, headers, body, "application/x-www-form-urlencoded; charset=utf-8")
        case "json":
            body = json.dumps(rest, ensure_ascii=False).encode()
            return Ask(action.method, url, headers, body, "application/json; charset=utf-8")


def _segment(name: str, value: Any) -> str:
    """An argument as one part of a path, whatever it holds."""
    text = quote(str(value), safe="")
    if text in ("", ".", ".."):
        raise ToolError(f"The argument {name} cannot be {value!r}: it stands in a path.", field=name)
    # A dot is never escaped by itself, and an escaped slash is read as a slash by some servers.
    if any(sign in str(value) for sign in "/\\%") or ".." in str(value):
        raise ToolError(
            f"The argument {name} stands in a path and may hold no slash, backslash, percent or `..`.", field=name
        )
    return text


def _flat(values: dict[str, Any]) -> dict[str, str]:
    """Text as it is, all else as JSON writes it."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _body(answer: Answer) -> Any:
    try:
        return json_of(answer) if answer.body else None
    except ValueError:
        return answer.text


def _computed(expression: str, said: dict[str, Any]) -> Any:
    """The expression over the answer; null where it names what is not there."""
    import cel

    try:
        return cel.compile(expression).execute(said)
    except (KeyError, TypeError, ValueError, RuntimeError):
        return None


def _refused(action: Action, said: dict[str, Any], answer: Answer) -> ToolError:
    error = _computed(action.error, said) if action.error else None
    shown = error if isinstance(error, str) else json.dumps(said["body"] if error is None else error, default=str)
    passing = action.temporary is not None and _computed(action.temporary, said) is True
    uncertain = action.uncertain is not None and _computed(action.uncertain, said) is True
    return ToolError(
        f"The API refused: {shown[:_ERROR_CHARS]}",
        # An answer that names its error is an answer: nothing was done, unless it says so itself.
        maybe_done=(error is None or uncertain) and action.method not in SAFE_METHODS,
        temporary=passing,
        retry_after=retry_after(answer),
    )
