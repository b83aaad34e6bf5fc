"""Sets of models as the bits of one integer: the filters of a plan over thousands of models are then a few operations."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def indices(mask: int) -> list[int]:
    """The set's members, ascending."""
    return [index for index, bit in enumerate(bin(mask)[:1:-1]) if bit == "1"]


def mask_of(members: Iterable[int]) -> int:
    """The set with these members."""
    mask = 0
    for index in members:
        mask |= 1 << index
    return mask


def by_key(items: Sequence[T], keys: Callable[[T], Iterable[K]]) -> Mapping[K, int]:
    """For each key, the set of the items that have it."""
    masks: defaultdict[K, int] = defaultdict(int)
    for index, item in enumerate(items):
        for key in keys(item):
            masks[key] |= 1 << index
    return dict(masks)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Models by a number that each may have. `masks[i]` holds those at `values[i]` and above; `unknown` those without one."""

    values: tuple[float, ...]
    masks: tuple[int, ...]
    unknown: int

    @classmethod
    def of(cls, numbers: Sequence[float | None]) -> "Ladder":
        """The ladder of `numbers`, one for each model."""
        at = by_key(numbers, lambda number: () if number is None else (number,))
        values = tuple(sorted(at))
        masks = [0]
        for value in reversed(values):
            masks.append(masks[-1] | at[value])
        return cls(values, tuple(reversed(masks)), mask_of(i for i, number in enumerate(numbers) if number is None))

    def at_least(self, value: float) -> int:
        """Those at `value` or above, and those of which it is not known."""
        return self.masks[bisect_left(self.values, value)] | self.unknown
