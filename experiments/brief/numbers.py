"""The numbers of a brief, each with its interval and with the command that makes it again."""

from __future__ import annotations

import functools
import math
import shlex
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.calibration import DEFAULT_OPENING, Opening
from abm.calibration.report import opening_report
from abm.engine import tables
from experiments.analysis.intervals import Estimate, Floats
from experiments.analysis.paired import compare
from experiments.brief.studies import BASELINE, FASTER, USUAL, provider
from experiments.ensemble.findings import share_of
from experiments.risk.statistics import bootstrap, mean, middle
from experiments.store import Results

DEFERRAL = tables.WAY_NAMES[tables.DEFERRAL]
WORST = 20  # one world in so many is the tail
TOLD = 6  # firms told by name, a story
# What is told of every story: in words and in which unit.
MEDIANS = {
    "failures": ("firms that fail", "firms"),
    "losses": ("lost by lenders", "bn"),
    "claims_lost": ("claims under contracts not paid", "bn"),
    "equity_lost": ("equity lost by owners of failed firms", "bn"),
    "debt_peak": ("largest debt for AI", "bn"),
    "invested": ("paid for GPUs and sites", "bn"),
    "carried_soon": ("debt others carry for {lab}, two years on", "bn"),
    "carried_end": ("debt others carry for {lab}, at the end", "bn"),
    "orphaned_end": ("debt for users that are gone, at the end", "bn"),
    "promised_soon": ("firm contracts of {lab}, two years on", "bn"),
    "result_soon": ("operating result of {lab}, half a year, two years on", "bn"),
    "revenue_soon": ("revenue of {lab} in the second year", "bn"),
    "rent_soon": ("spot rent of a GPU-hour (H100 equivalent), two years on", "USD"),
    "rent_end": ("spot rent of a GPU-hour (H100 equivalent), at the end", "USD"),
    "cloud_debt": ("debt of {cloud}, two years on", "bn"),
    "cloud_cover": ("debt-service cover of {cloud}, two years on", "times"),
    "cloud_customer": ("largest customer's share of what {cloud} has sold, two years on", "share"),
    "cloud_marked": ("market value of the fleet of {cloud} over its books, two years on", "share"),
    "energy": ("electricity in the second year", "TWh"),
    "emissions": ("emissions in the second year", "Mt CO2"),
    "energy_per_work": ("energy of a unit of work, two years on", "kWh"),
    "neocloud_losses": ("lost by lenders on neoclouds", "bn"),
    "hyperscaler_losses": ("lost by lenders on hyperscalers", "bn"),
    "cloud_lost": ("lost on shares of {cloud}", "share"),
    "chain_lost": ("lost on shares of the chain", "share"),
    "cloud_drawdown": ("largest fall of shares of {cloud}", "share"),
    "chain_drawdown": ("largest fall of shares of the chain", "share"),
}
TAILS = ("losses", "claims_lost", "equity_lost", "cloud_lost", "chain_lost")
DIFFERENCES = ("failures", "losses", "debt_peak", "invested", "energy_per_work")


class Number(NamedTuple):
    """A number of the page.

    Attributes
    ----------
    id : str
        Story or lever, a dot, what it is, and for firms their name: "r1_demand_disappoints.fails.CoreWeave".
    what : str
        In words.
    value, low, high : float
        With its 95 % interval: Wilson's of shares, the bootstrap's of medians and tails, Student's t of paired
        differences. A number of the opening is known, and has none (NaN).
    unit : str
        "share", "bn", "firms", "month", ...
    worlds : int
        Of which it is told; 0 for a number of the opening.
    command : str
        What makes it again.
    """

    id: str
    what: str
    value: float
    low: float
    high: float
    unit: str
    worlds: int
    command: str

    @property
    def estimate(self) -> Estimate:
        """Value and interval."""
        return Estimate(self.value, self.low, self.high)


class Told(NamedTuple):
    """The runs of a story or of a lever: outcomes by world, and who failed.

    Attributes
    ----------
    name : str
    command : str
    outcomes : dict of str to array, shape (worlds,)
        In the order of the seeds; NaN where there is none.
    failed : DataFrame
        A row a failure of a firm other than a lender: world, month, firm, channel (None of its own doing).
    """

    name: str
    command: str
    outcomes: dict[str, Floats]
    failed: pd.DataFrame

    @property
    def worlds(self) -> int:
        """How many worlds."""
        return len(self.outcomes["failures"])


def told(results: Results, factor: str, command: Callable[[str], str], lenders: frozenset[str]) -> dict[str, Told]:
    """The runs of a study by the values of its one factor. A run that failed is missing in all of them.

    Parameters
    ----------
    results : Results
    factor : str
        "scenario" or "policy".
    command : callable
        The command that runs the worlds of a value again.
    lenders : frozenset of str
        Firms whose failure is told as their creditors' loss, not by name.
    """
    runs = results.outcomes()
    whole = runs.groupby("replicate")["failed"].transform("any")
    runs = runs[~whole]
    defaults = results.defaults
    defaults = defaults[(defaults["way"] != DEFERRAL) & ~defaults["firm"].isin(lenders)]
    names = list(results.study.measured)
    found = {}
    for value in dict.fromkeys(runs[factor]):
        mine = runs[runs[factor] == value].sort_values("replicate")
        world = dict(zip(mine.index, range(len(mine)), strict=True))
        rows = defaults[defaults["run"].isin(world)]
        failed = pd.DataFrame(
            {
                "world": rows["run"].map(world).to_numpy(np.int64),
                "month": rows["month"].to_numpy(np.int64),
                "stage": rows["stage"].to_numpy(np.int64),
                "firm": rows["firm"].to_numpy(object),
                "channel": rows["channel"].where(~rows["fundamental"].astype(bool), None).to_numpy(object),
            }
        ).sort_values(["world", "month", "stage"], kind="stable")
        outcomes = {name: mine[name].to_numpy(np.float64) for name in names}
        found[value] = Told(str(value), command(str(value)), outcomes, failed)
    return found


def option(opening: Opening) -> str:
    """How a command names an opening that is not the usual one."""
    where = opening.name if opening.folder is None else str(opening.folder)
    return "" if opening.name == DEFAULT_OPENING else f" --opening {shlex.quote(where)}"


def tail(values: Floats) -> float:
    """Mean of the worst one in `WORST` (expected shortfall)."""
    worst = max(len(values) // WORST, 1)
    return float(np.sort(values)[-worst:].mean())


class Numbers:
    """All numbers, by their ids.

    Parameters
    ----------
    stories, levers : dict of str to Told
    opening : Opening
    """

    def __init__(self, stories: dict[str, Told], levers: dict[str, Told], opening: Opening) -> None:
        self.by_id: dict[str, Number] = {}
        self.stories, self.levers = stories, levers
        self._opening(opening)
        for story in stories.values():
            self._story(story, stories[BASELINE], opening)
        none, *others = levers.values()
        for lever in others:
            faster = lever.name == FASTER
            self._against(lever, levers[USUAL] if faster else none, f"with {USUAL}" if faster else "without it")

    def __getitem__(self, name: str) -> Number:
        return self.by_id[name]

    def _keep(
        self, where: Told, what: str, words: str, estimate: Estimate, unit: str, worlds: int | None = None
    ) -> None:
        name = f"{where.name}.{what}"
        count = where.worlds if worlds is None else worlds
        value, low, high = (float(part) for part in estimate)
        self.by_id[name] = Number(name, words, value, low, high, unit, count, where.command)

    def _opening(self, opening: Opening) -> None:
        told, cloud = opening_report(opening), provider(opening)
        books = "invisible-debt inspect opening" + option(opening)
        debt = opening.loans["principal"][opening.loans["borrower"] == opening.names.index(cloud)].sum()
        for what, words, value, unit in (
            ("carried", "debt others carry for {lab}", told["look_through"]["total"], "bn"),
            ("announced", "announced commitments of {lab}", told["commitments"]["announced"], "bn"),
            ("promised", "firm compute contracts of {lab}", told["commitments"]["firm_still_to_pay"], "bn"),
            ("result", "operating result of {lab}, half a year", told["half_year"]["operating_result"], "bn"),
            ("revenue", "revenue of {lab}, yearly rate", told["revenue_run_rate"], "bn"),
            ("rent", "spot rent of a GPU-hour (H100 equivalent)", opening.market["spot_price"], "USD"),
            ("cloud_debt", "debt of {cloud}", debt, "bn"),
        ):
            name, words = f"opening.{what}", words.format(lab=opening.flagship, cloud=cloud)
            self.by_id[name] = Number(name, words, float(value), math.nan, math.nan, unit, 0, books)

    def _story(self, story: Told, base: Told, opening: Opening) -> None:
        o, names = story.outcomes, {"lab": opening.flagship, "cloud": provider(opening)}
        keep = functools.partial(self._keep, story)
        keep("any_fails", "worlds in which a firm other than a lender fails", _share(_worlds_of(story)), "share")
        for name in dict.fromkeys([*names.values(), *story.failed["firm"].value_counts().index[:TOLD]]):
            keep(f"fails.{name}", f"worlds in which {name} fails", _share(_worlds_of(story, name)), "share")
        self._first(story)
        others = story.failed[story.failed["channel"].notna()]
        by_world = np.bincount(others["world"], minlength=story.worlds).astype(np.float64)
        keep("brought", "failures that others brought, a world", mean(by_world), "firms")
        for channel in others["channel"].value_counts().index:
            mine = others["world"][others["channel"] == channel]
            by_world = np.bincount(mine, minlength=story.worlds).astype(np.float64)
            keep(f"through.{channel}", f"failures that others brought, as {channel}, a world", mean(by_world), "firms")
        with np.errstate(divide="ignore", invalid="ignore"):
            marked = np.where(o["cloud_book"] > 0.0, o["cloud_mark"] / o["cloud_book"], np.nan)
        for what, (words, unit) in MEDIANS.items():
            values = marked if what == "cloud_marked" else o[what]
            keep(what, f"{words.format(**names)}, median of the worlds", middle(values), unit)
        for what in TAILS:
            words, unit = MEDIANS[what]
            keep(f"{what}.tail", f"{words.format(**names)}, mean of the worst worlds", bootstrap(o[what], tail), unit)
        for kind in ("neocloud", "hyperscaler"):
            keep(f"{kind}_fails", f"worlds in which a {kind} fails", _share(o[f"{kind}_failures"] > 0.0), "share")
        words = f"worlds in which the chain loses a smaller part than {names['cloud']}"
        keep("chain_safer", words, _share(o["chain_lost"] < o["cloud_lost"]), "share")
        if story.name != base.name:
            self._against(story, base, "in the baseline")

    def _first(self, story: Told) -> None:
        """Who fails first most often, and when."""
        first = story.failed.drop_duplicates("world")
        if not len(first):
            return
        who = str(first["firm"].value_counts().index[0])
        words = f"of the worlds with a failure, those in which {who} is the first"
        found = share_of(int((first["firm"] == who).sum()), len(first))
        self._keep(story, f"first.{who}", words, found, "share", len(first))
        words = "months to the first failure, median of the worlds with one"
        self._keep(story, "first_month", words, middle(first["month"].to_numpy(np.float64)), "months", len(first))

    def _against(self, ours: Told, base: Told, than: str) -> None:
        """What differs from the same worlds without the story or lever: by how much, and in how many worlds."""
        for what in DIFFERENCES:
            words, unit = MEDIANS[what]
            a, b = ours.outcomes[what], base.outcomes[what]
            found = compare(a[None, :], b[None, :], points_drawn=False).difference
            self._keep(ours, f"{what}.more", f"{words}: more than {than}, mean of the worlds", found, unit)
            for which, there, how in (("higher", a > b, "more"), ("lower", a < b, "less")):
                which_words = f"worlds in which it is {how} than {than}: {words}"
                self._keep(ours, f"{what}.{which}", which_words, _share(there), "share")


def _worlds_of(where: Told, firm: str | None = None) -> NDArray[np.bool_]:
    """Worlds in which a firm, or any, fails."""
    rows = where.failed if firm is None else where.failed[where.failed["firm"] == firm]
    return np.isin(np.arange(where.worlds), rows["world"])


def _share(there: NDArray[np.bool_]) -> Estimate:
    return share_of(int(there.sum()), len(there))
