"""What a turn leaves in Temporal's history, whatever the length of its conversation."""

from uuid import UUID

from temporalio.client import Client

from bench.figures import Figure
from bench.target import Target
from contracts.ids import turn_workflow_id


async def measure(target: Target) -> list[Figure]:
    """Events and bytes of the last turn of conversations of 1, 10 and 100 messages."""
    temporal = await Client.connect(target.temporal_address)
    figures, sizes = [], []
    for length in (1, 10, 100):
        messages = [
            {"role": "user" if index % 2 == 0 else "assistant", "content": f"message {index} " * 50}
            for index in range(length - 1 if length > 1 else 0)
        ]
        if messages and messages[-1]["role"] == "user":
            messages.append({"role": "assistant", "content": "yes"})
        raw = await target.client().chat.completions.with_raw_response.create(
            model="sim:sim-fast",
            messages=[*messages, {"role": "user", "content": "and now?"}],  # type: ignore[list-item]
        )
        handle = temporal.get_workflow_handle(turn_workflow_id(UUID(raw.headers["x-perdure-turn-id"])))
        await handle.result()
        history = await handle.fetch_history()
        size = sum(event.ByteSize() for event in history.events)
        sizes.append(size)
        figures.append(
            Figure(
                f"history of a turn after {length} message{'s' if length > 1 else ''}",
                f"{len(history.events)} events, {size} bytes",
                ratio=f"{size / sizes[0]:.2f} x",
                aim="13 events, constant",
            )
        )
    return figures
