"""The whole scorecard: all runs it needs, made once, and the sections made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from experiments import hindcast
from experiments.reproductions import studies
from experiments.reproductions.study import Bench
from experiments.risk import ensemble, table
from experiments.runner import How
from experiments.validation import sections as told
from experiments.validation.lines import Section
from experiments.validation.observe import MORE, OBSERVER


class Card(NamedTuple):
    """The sections, and the runs behind them."""

    sections: list[Section]
    seeds: int
    made: ensemble.Made
    found: table.Findings
    known: hindcast.Ensemble
    verdict: hindcast.Verdict

    @property
    def failures(self) -> list[str]:
        """Runs that ended in an error, a sentence each."""
        return [*(f"hindcast, {sentence}" for sentence in self.known.failures), *self.made.failures]


def worlds(seeds: int) -> int:
    """How many worlds are run."""
    return seeds + sum(ensemble.plan(seeds).values())


def make(
    seeds: int,
    *,
    workers: int | None = None,
    how: How = "auto",
    progress: Callable[[int], None] = lambda done: None,
) -> Card:
    """Run all worlds and judge them; the same scorecard whoever makes them.

    Parameters
    ----------
    seeds : int
        Worlds of the hindcast and of the baseline, with the seeds 1, 2, ...
    workers, how
        See `experiments.gather.gather`.
    progress : callable
        Called with the worlds done, of `worlds`.

    Raises
    ------
    InvisibleDebtError
        If no world of a part that nothing can do without ended well.
    """
    opening = hindcast.newest_asked()
    known = hindcast.run_ensemble(opening, seeds, True, workers=workers, how=how, progress=progress)
    made = ensemble.make(
        seeds, False, observer=OBSERVER, more=MORE, workers=workers, how=how,
        progress=lambda done: progress(seeds + done),
    )  # fmt: skip
    verdict, found = hindcast.judge(hindcast.read_question(opening), known), table.judge(made)
    loaded = [studies.load(name) for name in studies.NAMES]
    quick = [study for study in loaded if study.seconds <= told.QUICK]
    bench = Bench() if workers is None else Bench(threads=workers)
    done = [(study, study.run(bench)) for study in quick]
    sections = [
        told.opening_section(made), told.hindcast_section(verdict, known), told.market_section(made, found),
        told.analogue_section(made, found), told.stylised_section(made, found),
        told.contagion_section(done, [study for study in loaded if study not in quick]), told.beyond_section(),
    ]  # fmt: skip
    return Card(sections, seeds, made, found, known, verdict)
