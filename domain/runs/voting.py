"""Votes: the most frequent of several answers."""

from typing import Any

from contracts.errors import ErrorKind, PerdureError
from contracts.pipelines.agents import Vote
from domain.runs.canonical import canonical


def voted(vote: Vote, answers: dict[str, Any]) -> Any:
    """What won, of answers by member in the members' order. Raises `conflict` where there is no winner."""
    ballots: list[Any] = []
    for answer in answers.values():
        found = answer
        for part in vote.on.split(".") if vote.on else ():
            found = found.get(part) if isinstance(found, dict) else None
        ballots.append(found)
    counts: dict[str, int] = {}
    for one in ballots:
        counts[canonical(one)] = counts.get(canonical(one), 0) + 1
    most = max(counts.values(), default=0)
    winners = [text for text, count in counts.items() if count == most]
    if most < vote.quorum:
        said = f"No answer was given by {vote.quorum} members; the most frequent was given by {most}."
        raise PerdureError(ErrorKind.CONFLICT, said)
    if len(winners) > 1 and vote.tie == "fail":
        raise PerdureError(
            ErrorKind.CONFLICT, f"{len(winners)} answers were given equally often, by {most} members each."
        )
    return next(one for one in ballots if canonical(one) == winners[0])
