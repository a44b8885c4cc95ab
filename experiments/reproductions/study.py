"""What a reproduction is: a set-up in the paper's symbols, a run, and rows that hold or do not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from matplotlib.figure import Figure

Value = float | int | str | tuple[float | int | str, ...]
"""A number, a word, or several of them (payments of banks, counts by round)."""


EXACT, SHAPE = "exact", "shape only"
"""What stands in the place of an interval where there is none."""

PAPER, CLOSED_FORM, LATER = "the paper", "closed form of the paper", "a later source"
OWN_RUN, OWN_CHECK = "own independent run", "own check"
ORIGINS = (PAPER, CLOSED_FORM, LATER, OWN_RUN, OWN_CHECK)
"""Who stated the value that ours is held against.

The paper, in print; a formula of the paper, evaluated here; a later source, which is named; an own run of another
program than this one, which no one has published; and what no one has stated, but must be so.
"""
PUBLISHED = (PAPER, CLOSED_FORM, LATER)
"""Of these, what has been published."""


@dataclass(frozen=True)
class Symbol:
    """One line of a set-up.

    Parameters
    ----------
    symbol : str
        As the paper writes it.
    meaning : str
        In words, with the unit where it has one.
    value : str
        What this reproduction sets it to.
    """

    symbol: str
    meaning: str
    value: str


@dataclass(frozen=True)
class Row:
    """One statement, published or our own, beside our value.

    Parameters
    ----------
    statement : str
        What is claimed.
    stated : str
        The stated value or words.
    ours : Value
        Our value.
    interval : tuple of float, or str
        Interval of our value at the level of `intervals.LEVEL`; `EXACT` where nothing is sampled, `SHAPE`
        where the paper prints a curve without numbers.
    holds : bool
        Whether the statement is reproduced.
    why : str
        The discrepancy and its reason; "none" where there is none.
    origin : str
        Who stated the value: one of `ORIGINS`, and after ": " a name; a later source has one.

    Raises
    ------
    ValueError
        If it is not said who stated the value.
    """

    statement: str
    stated: str
    ours: Value
    interval: tuple[float, float] | str
    holds: bool
    why: str = "none"
    origin: str = field(kw_only=True)

    def __post_init__(self) -> None:
        """Make a plain truth value of what NumPy compared, and refuse a value that no one stated."""
        object.__setattr__(self, "holds", bool(self.holds))
        kind, _, name = self.origin.partition(": ")
        if kind not in ORIGINS or (kind == LATER and not name):
            raise ValueError(f"origin must be one of {ORIGINS}, a later source with its name; it is {self.origin!r}")

    @property
    def published(self) -> bool:
        """Whether the stated value has been published, and is no check or run of our own."""
        return self.origin.partition(": ")[0] in PUBLISHED


@dataclass(frozen=True)
class Outcome:
    """What a run of a study gives.

    Parameters
    ----------
    rows : sequence of Row
        The table.
    figure : matplotlib.figure.Figure
        In the paper's axes.
    curves : dict
        The numbers behind the figure: name to list of numbers.
    """

    rows: Sequence[Row]
    figure: Figure
    curves: dict[str, list[float]]

    @property
    def holds(self) -> bool:
        """Whether every row holds."""
        return all(row.holds for row in self.rows)


@dataclass
class Bench:
    """Where a study runs: how many draws, on how many threads, and who is told of the progress.

    Results do not depend on `threads`: every task brings its own seed, and answers keep their order.

    Parameters
    ----------
    quick : bool
        A twentieth of the draws, for tests and a first look.
    threads : int
        Tasks at one time; the compiled sweeps release the interpreter lock.
    announce, advance : callable
        Told of tasks to come, and of tasks done.
    """

    quick: bool = False
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    announce: Callable[[int], None] = lambda tasks: None
    advance: Callable[[int], None] = lambda tasks: None

    def draws(self, full: int) -> int:
        """How many draws to make where a full run makes `full`."""
        return max(20, full // 20) if self.quick else full

    def map[T, R](self, function: Callable[[T], R], tasks: Iterable[T]) -> list[R]:
        """Answers of `function` to `tasks`, in the order of `tasks`."""
        todo = list(tasks)
        self.announce(len(todo))

        def one(task: T) -> R:
            answer = function(task)
            self.advance(1)
            return answer

        with ThreadPoolExecutor(self.threads) as pool:
            try:
                return list(pool.map(one, todo))
            except BaseException:  # an interrupt must not wait for the whole sweep
                pool.shutdown(wait=False, cancel_futures=True)
                raise


@dataclass(frozen=True)
class Study:
    """A published result and how to get it again.

    Parameters
    ----------
    name : str
        The word typed after `reproduce`.
    title, source : str
        Of the paper or book.
    question : str
        What the result says, for someone who has not read it.
    setup : sequence of Symbol
        The set-up in the literature's own symbols.
    missing : sequence of str
        Parameters and rules that the paper leaves open, each with what is taken here.
    seconds : int
        What a full run takes on two free cores once compiled, roughly: printed, not checked.
    run : callable
        The study itself.
    """

    name: str
    title: str
    source: str
    question: str
    setup: Sequence[Symbol]
    missing: Sequence[str]
    seconds: int
    run: Callable[[Bench], Outcome]
