"""`perdure batch`: what the commands do."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from cli.client import Server, ask, exit_of, explain
from cli.exits import Exit, fail

_SENDING = httpx2.Timeout(30, write=600, read=600)


async def submit_batch(
    server: Server, file: Path, name: str | None, mode: str, idempotency_key: str | None, *, as_json: bool
) -> None:
    """Send a file of lines; print the batch's id."""
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.", Exit.NOT_FOUND)
    headers = {"Content-Type": "application/x-ndjson"}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    params = {"mode": mode, **({"name": name} if name else {})}
    async with server.http(_SENDING) as http:
        try:
            answer = await http.post("/api/batches", content=content, headers=headers, params=params)
        except httpx2.TransportError:
            fail(f"{server.url} cannot be reached. Is `perdure up` running?", Exit.UNREACHABLE)
    if answer.is_error:
        fail(explain(answer), exit_of(answer))
    batch = answer.json()
    print(json.dumps(batch) if as_json else batch["id"])


async def list_batches(server: Server, *, as_json: bool) -> None:
    """Print the newest batches."""
    async with server.http() as http:
        page = await ask(http, "GET", "/api/batches")
    if as_json:
        print(json.dumps(page))
        return
    table = Table("batch", "name", "state", "items", "begun")
    for one in page["data"]:
        table.add_row(one["id"], one["name"] or "", one["state"], str(one["items"]), one["created_at"])
    Console().print(table)


async def show_batch(server: Server, batch_id: str, *, as_json: bool) -> None:
    """Print a batch and what of it is at which vendor."""
    async with server.http() as http:
        _print(await ask(http, "GET", f"/api/batches/{batch_id}"), as_json=as_json)


async def cancel_batch(server: Server, batch_id: str, *, as_json: bool) -> None:
    """Stop a batch."""
    async with server.http() as http:
        _print(await ask(http, "POST", f"/api/batches/{batch_id}/cancel"), as_json=as_json)


async def print_results(server: Server, batch_id: str, to: Path | None) -> None:
    """Write the results, a JSON object in each line."""
    async with server.http(_SENDING) as http:
        try:
            async with http.stream("GET", f"/api/batches/{batch_id}/results") as answer:
                if answer.is_error:
                    await answer.aread()
                    fail(explain(answer), exit_of(answer))
                out = sys.stdout.buffer if to is None else to.open("wb")
                try:
                    async for piece in answer.aiter_bytes():
                        out.write(piece)
                    out.flush()
                finally:
                    if to is not None:
                        out.close()
        except httpx2.TransportError:
            fail(f"{server.url} cannot be reached. Is `perdure up` running?", Exit.UNREACHABLE)


def _print(batch: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(batch))
        return
    counts = batch["counts"]
    print(f"{batch['id']} {batch['state']}{' (cancelling)' if batch['cancelling'] else ''}")
    print(
        f"{counts['completed']} of {counts['total']} completed, {counts['failed']} failed, "
        f"{counts['cancelled']} cancelled; {batch['cost_usd']} USD, {batch['cost_at_batch_prices_usd']} at batch prices"
    )
    if batch["parts"]:
        table = Table("part", "model", "items", "state", "at the vendor", "why not")
        for one in batch["parts"]:
            told = (one["vendor_batch_id"] or "", one["message"] or "")
            table.add_row(str(one["number"]), one["model"], str(one["items"]), one["state"], *told)
        Console().print(table)
