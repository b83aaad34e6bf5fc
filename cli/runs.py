"""`perdure run`: what the commands do."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from rich.console import Console
from rich.table import Table

from cli.client import Server, ask, exit_of, explain
from cli.exits import Exit, fail


async def start_run(
    server: Server,
    pipeline: str,
    given: list[str],
    version: str | None,
    idempotency_key: str | None,
    *,
    watch: bool,
    as_json: bool,
) -> None:
    """Run a pipeline by its name, or a file."""
    inputs = inputs_of(given)
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    async with server.http() as http:
        name = await _stored(http, Path(pipeline)) if Path(pipeline).is_file() else pipeline
        http.headers.update(headers)
        body = {"input": inputs, **({"version": version} if version else {})}
        run = await ask(http, "POST", f"/api/pipelines/{quote(name, safe='')}/runs", body)
    if watch:
        from cli.watching_runs import watch_run

        await watch_run(server, run["id"], as_json=as_json)
    else:
        print(json.dumps(run) if as_json else run["id"])


async def list_runs(server: Server, pipeline: str | None, state: str | None, *, as_json: bool) -> None:
    """Print the newest runs."""
    given = {name: one for name, one in (("pipeline", pipeline), ("state", state)) if one}
    query = "&".join(f"{name}={quote(one)}" for name, one in given.items())
    async with server.http() as http:
        page = await ask(http, "GET", f"/api/runs?{query}")
    if as_json:
        print(json.dumps(page))
        return
    table = Table("run", "pipeline", "state", "begun", "error")
    for one in page["data"]:
        error = one["error"]["message"][:80] if one["error"] else ""
        state_shown = one["state"] + (" (paused)" if one["paused"] else "")
        table.add_row(one["id"], one["pipeline"], state_shown, one["created_at"], error)
    Console().print(table)


async def show_run(server: Server, run_id: str, step: str | None, *, as_json: bool) -> None:
    """Print a run, or one of its steps."""
    async with server.http() as http:
        shown = await ask(http, "GET", f"/api/runs/{run_id}" + (f"/steps/{step}" if step else ""))
    if as_json or step:
        print(json.dumps(shown, indent=None if as_json else 2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[bold]{shown['pipeline']}[/bold] {shown['id']}: {state_of(shown)}, {used(shown)}")
    if shown["forked_from"]:
        console.print(f"forked from {shown['forked_from']['run']} at {shown['forked_from']['step']}")
    table = Table("step", "kind", "state", "attempt", "turns", "tokens in", "tokens out", "USD")
    depths: dict[str | None, int] = {None: -1}
    for one in shown["steps"]:
        depth = depths[one["id"]] = depths[one["within"]] + 1
        figures = [str(one[name]) for name in ("attempt", "turns", "input_tokens", "output_tokens", "cost_usd")]
        table.add_row("  " * depth + one["id"], one["kind"], step_state(one), *figures)
    console.print(table)
    for one in shown["waiting"]:
        until = f" until {one['until']}" if one.get("until") else ""
        who = f" by {', '.join(one['who'])}" if one.get("who") else ""
        console.print(f"{one['step']} waits for {one.get('event', one['what'])}{who}{until}")
    if shown["error"]:
        console.print(f"[red]{shown['error']['kind']}[/red]: {shown['error']['message']}", soft_wrap=True)
    if shown["output"] is not None:
        console.print(json.dumps(shown["output"], indent=2, ensure_ascii=False), markup=False, soft_wrap=True)


async def act(server: Server, run_id: str, action: str, body: Any, *, as_json: bool) -> None:
    """Do something to a run."""
    async with server.http() as http:
        shown = await ask(http, "POST", f"/api/runs/{run_id}/{action}", body)
    if as_json:
        print(json.dumps(shown))
    elif action == "fork":
        print(shown["id"])
    else:
        print(f"Run {run_id} is {state_of(shown)}.")


def decision(
    step: str | None, comment: str | None, user: str | None, groups: list[str], value: str | None = None
) -> dict[str, Any]:
    """A decision's body."""
    said = {"step": step, "comment": comment, "user": user, "groups": groups or None}
    body = {name: one for name, one in said.items() if one is not None}
    return body | ({} if value is None else {"value": value_of(value)})


def inputs_of(given: list[str]) -> dict[str, Any]:
    """Inputs of name=value texts. Ends the command for one that is none."""
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            fail(f"{one[:100]!r} is no input: write name=value.", Exit.USAGE)
        found[name] = value_of(value)
    return found


def value_of(text: str | None) -> Any:
    """JSON where it is, else the text; of `@FILE` what the file holds."""
    if text is not None and text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{text[1:]} cannot be read ({type(error).__name__}).", Exit.USAGE)
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def state_of(run: dict[str, Any]) -> str:
    """A run's state in words."""
    if run["finished_at"] is None and run["cancel_requested"]:
        return "being stopped"
    return "paused" if run["paused"] else str(run["state"])


def step_state(step: dict[str, Any]) -> str:
    """A step's state in words; of a step in maps and loops, how many are in which."""
    counted = step.get("states") or step.get("items")
    counts = ", ".join(f"{count} {state}" for state, count in (counted or {}).items())
    if step["state"] is None:
        return counts or "waiting"
    return str(step["state"]) + (f" ({counts})" if counts else "") + (" (used again)" if step.get("reused") else "")


def used(run: dict[str, Any]) -> str:
    """What a run has used, in words."""
    return f"{run['calls']} model calls, {run['input_tokens'] + run['output_tokens']:,} tokens, {run['cost_usd']} USD"


async def _stored(http: httpx2.AsyncClient, file: Path) -> str:
    try:
        answer = await http.post("/api/pipelines", content=file.read_bytes())
    except httpx2.TransportError:
        fail(f"{http.base_url} cannot be reached. Is `perdure up` running?", Exit.UNREACHABLE)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.", Exit.USAGE)
    if answer.is_error:
        problems = answer.json().get("errors") if answer.headers.get("content-type", "").endswith("json") else None
        listed = [f"{file}:{one['line']}:{one['column']}: {one['message']}" for one in problems or []]
        fail("\n".join([explain(answer), *listed[:20]]), exit_of(answer))
    return str(answer.json()["name"])
