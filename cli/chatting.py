"""`perdure chat`: a conversation in the terminal, kept on the server."""

import asyncio
import signal
from typing import Any
from uuid import uuid4

import httpx2
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown

from cli.client import Server, ask, explain
from cli.events import Shown, read_events
from cli.exits import Exit, fail

HELP = (
    "/model NAME changes the model, /new begins anew, /history shows what was said, /quit ends. Ctrl-C stops an answer."
)
DEFAULT_MODEL = "sim:sim-fast"
RECONNECT_SECONDS = 0.5
GIVE_UP_SECONDS = 120.0


class Chat:
    """One session at the terminal."""

    def __init__(self, server: Server, *, model: str | None, conversation: str | None) -> None:
        self._server = server
        self._model = model
        self._conversation = conversation
        self._console = Console()

    async def run(self) -> None:
        """Talk until the user ends it."""
        async with self._server.http() as http:
            await self._begin(http)
            self._console.print(f"[dim]{HELP}[/dim]")
            while True:
                try:
                    said = await asyncio.to_thread(self._console.input, "\n[bold]you[/bold] ")
                except (EOFError, KeyboardInterrupt):
                    break
                if said.strip() in ("/quit", "/exit"):
                    break
                if said.startswith("/"):
                    await self._command(http, said)
                elif said.strip():
                    await self._say(http, said)
        self._console.print(f"[dim]Go on with: perdure chat --conversation {self._conversation}[/dim]")

    async def _begin(self, http: httpx2.AsyncClient) -> None:
        if self._conversation is not None:
            found = await ask(http, "GET", f"/api/conversations/{self._conversation}")
            self._model = self._model or next(iter(found["models"]), None)
            await self._history(http)
        else:
            made = await ask(http, "POST", "/api/conversations", {"title": "At the terminal"})
            self._conversation = made["id"]
        if self._model is None:
            models = [one["id"] for one in (await ask(http, "GET", "/v1/models"))["data"]]
            self._model = DEFAULT_MODEL if DEFAULT_MODEL in models else next(iter(models), DEFAULT_MODEL)
        self._console.print(f"[dim]Model {self._model}, conversation {self._conversation}[/dim]")

    async def _command(self, http: httpx2.AsyncClient, said: str) -> None:
        name, _, rest = said.partition(" ")
        match name:
            case "/model" if rest:
                answer = await http.get(f"/v1/models/{rest.strip()}")
                if answer.is_error:
                    self._console.print(f"[red]{answer.json()['error']['message']}[/red]")
                else:
                    self._model = answer.json()["id"]
                    self._console.print(f"[dim]Model {self._model}[/dim]")
            case "/new":
                self._conversation = None
                await self._begin(http)
            case "/history":
                await self._history(http)
            case _:
                self._console.print(f"[dim]{HELP}[/dim]")

    async def _history(self, http: httpx2.AsyncClient) -> None:
        page = await ask(http, "GET", f"/api/conversations/{self._conversation}/messages?limit=200")
        for message in page["data"]:
            text = "".join(part.get("text", "") for part in message["parts"])
            self._console.print(f"[bold]{message['role']}[/bold] {text}", markup=True)

    async def _say(self, http: httpx2.AsyncClient, text: str) -> None:
        turn_id = await self._submit(http, text)
        if turn_id is None:
            return
        shown = Shown()
        loop = asyncio.get_running_loop()
        stopping: set[asyncio.Task[Any]] = set()

        def stop() -> None:
            stopping.add(asyncio.create_task(ask(http, "POST", f"/api/turns/{turn_id}/cancel")))

        loop.add_signal_handler(signal.SIGINT, stop)
        try:
            with Live(console=self._console, refresh_per_second=12, transient=False) as live:
                await self._follow(http, turn_id, shown, live)
        finally:
            loop.remove_signal_handler(signal.SIGINT)
        self._finish(shown)

    async def _submit(self, http: httpx2.AsyncClient, text: str) -> str | None:
        """Send the words. The key makes it harmless to send them again when the server was away."""
        key, began = uuid4().hex, asyncio.get_running_loop().time()
        while True:
            try:
                answer = await http.post(
                    f"/api/conversations/{self._conversation}/turns",
                    json={"content": text, "model": self._model},
                    headers={"Idempotency-Key": key},
                )
            except httpx2.TransportError:
                await self._wait("The server is away", began)
                continue
            if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
                await self._wait("The server is not ready", began)
                continue
            if answer.is_error:
                self._console.print(f"[red]{explain(answer)}[/red]")
                return None
            return str(answer.json()["id"])

    async def _follow(self, http: httpx2.AsyncClient, turn_id: str, shown: Shown, live: Live) -> None:
        """Show the answer to its end, through every loss of the connection."""
        began = asyncio.get_running_loop().time()
        while shown.end is None:
            headers = {"Last-Event-ID": shown.position} if shown.position else {}
            try:
                timeout = httpx2.Timeout(30, read=60)
                async with http.stream(
                    "GET", f"/api/turns/{turn_id}/events", headers=headers, timeout=timeout
                ) as events:
                    if events.status_code == httpx2.codes.OK:
                        async for name, data, position in read_events(events):
                            began = asyncio.get_running_loop().time()
                            shown.apply(name, data, position)
                            live.update(Markdown(shown.text))
            except httpx2.TransportError:
                live.update(Markdown(f"{shown.text}\n\n*(the connection was lost; reconnecting)*"))
            if shown.end is None:
                await self._wait(None, began)
        live.update(Markdown(shown.text))

    async def _wait(self, why: str | None, began: float) -> None:
        waited = asyncio.get_running_loop().time() - began
        if waited > GIVE_UP_SECONDS:
            fail(
                f"The server did not come back. Go on later with --conversation {self._conversation}.", Exit.UNREACHABLE
            )
        if why is not None and waited < RECONNECT_SECONDS:
            self._console.print(f"[dim]{why}; trying again.[/dim]")
        await asyncio.sleep(RECONNECT_SECONDS)

    def _finish(self, shown: Shown) -> None:
        end = shown.end or {}
        if end.get("error_message") and not end.get("message_id"):
            self._console.print(f"[red]{end['error_message']}[/red]")
        elif end.get("state") == "cancelled":
            self._console.print("[dim](stopped; what was said is kept)[/dim]")
        cost = (end.get("cost") or {}).get("total")
        model = end.get("model") or {}
        if cost is not None and model:
            mark = ", simulated" if end.get("simulated") else ""
            self._console.print(f"[dim]{model['provider']}:{model['model']}, {cost} USD{mark}[/dim]")


async def run_chat(server: Server, *, model: str | None, conversation: str | None) -> None:
    """Talk until the user ends it."""
    await Chat(server, model=model, conversation=conversation).run()
