"""What an invariant is: a statement that has to hold in the database, and how an exception to it is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement that has to hold. `query` finds what breaks it, oldest first; `meaning` says what that means and what to do.

    `says` is the sentence about one exception, with the columns of its row by their names. `grave` False: an exception is
    explained by what is allowed to happen, and no fault. A query may ask for `:before` (what is younger may be about to be put
    right) and `:kept` (what is older may have been dropped).
    """

    name: str
    holds: str
    meaning: str
    says: str
    query: str
    grave: bool = True
