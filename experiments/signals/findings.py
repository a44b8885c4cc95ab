"""All that is found: how each sign tells crises from quiet, a watch list, a probability, both cases, the shocks.

Worlds of odd seeds choose: which way a sign points, its threshold, which signs are watched, the probability. All that
is told of them is told of the worlds of even seeds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.analysis.intervals import Estimate
from experiments.reproductions.intervals import wilson
from experiments.risk.statistics import NOTHING, bootstrap
from experiments.signals import cases, chance, roc
from experiments.signals.cases import Cases
from experiments.signals.chance import Bin, Fit
from experiments.signals.crisis import DEFINITIONS, NEVER, Definition
from experiments.signals.ensemble import LEAST_CRISES, Worlds
from experiments.signals.reverse import Turned
from experiments.signals.roc import HORIZONS, Record, Sample
from experiments.signals.signs import BENCHMARK, BY_NAME, NAMES, Sign

Floats = NDArray[np.float64]
WATCHED = 5  # signs on the watch list, one of a family at most
SETTING = 12  # months of the horizon at which thresholds are set


class Told(NamedTuple):
    """A sign at a horizon.

    Attributes
    ----------
    sign : Sign
    horizon : int
        Months.
    high : bool
        Whether high values are the danger, by the worlds that choose.
    made : float
        Area under the ROC curve there.
    judged, same_month : Estimate
        In the other worlds; there among pairs of one month alone.
    youden, alarm : float
        Thresholds, by the worlds that choose: at which hits less false alarms are most; at `roc.QUIET` false alarms.
    """

    sign: Sign
    horizon: int
    high: bool
    made: float
    judged: Estimate
    same_month: Estimate
    youden: float
    alarm: float


class Watch(NamedTuple):
    """A line of the watch list.

    Attributes
    ----------
    told : Told
        At the horizon at which the threshold is set.
    records : dict of int to Record
        By horizon.
    lead : Estimate
        Median months from the beginning of the last alarm before a crisis to it, of those announced in two years.
    ahead : Estimate
        Share of crises announced in these two years.
    month : int
        The first month in which it can be read.
    reading : tuple of float
        Its median there over all worlds, and 5 % and 95 % points.
    ringing : float
        Share of worlds in which that reading is at alarm.
    curves : dict of int to tuple of array
        By horizon: share of quiet and of struck months at alarm, by falling threshold.
    before : tuple of array, shape (3, months) each
        10 %, 50 % and 90 % points of the two years before crises, and of worlds without one in the same months.
    """

    told: Told
    records: dict[int, Record]
    lead: Estimate
    ahead: Estimate
    month: int
    reading: tuple[float, float, float]
    ringing: float
    curves: dict[int, tuple[Floats, Floats]]
    before: tuple[Floats, Floats]


class Combined(NamedTuple):
    """The probability of a crisis within a horizon from the watched signs together, on worlds that did not make it.

    Attributes
    ----------
    fit : Fit
    base : float
        Share of months before a crisis in the worlds that made it.
    auc, skill : Estimate
    brier : float
    bins : list of Bin
    curve : tuple of array
        Share of quiet and of struck months at alarm, by falling probability.
    """

    horizon: int
    fit: Fit
    base: float
    auc: Estimate
    skill: Estimate
    brier: float
    bins: list[Bin]
    curve: tuple[Floats, Floats]


class Other(NamedTuple):
    """Another definition of a crisis: in how many worlds, and how well the watched signs tell it a year ahead."""

    definition: Definition
    share: Estimate
    middle: float
    aucs: dict[str, Estimate]


class Findings(NamedTuple):
    """Everything that the page tells; without enough crises there is no table of signs (`enough`)."""

    share: Estimate
    by_half: tuple[tuple[int, int], tuple[int, int]]
    middle: float
    enough: bool
    table: list[Told]
    watch: list[Watch]
    combined: list[Combined]
    others: list[Other]
    cases: Cases
    firm: str
    tried: int
    turned: list[Turned]


def values_of(w: Worlds, told: Told) -> Floats:
    """A sign of worlds, turned so that high is the danger."""
    return w.months[told.sign.name] if told.high else -w.months[told.sign.name]


def tell(name: str, horizon: int, made: Worlds, judged: Worlds, samples: tuple[Sample, Sample]) -> Told:
    """How well a sign tells at a horizon; nothing of `judged`, nor of its sample, chooses anything."""
    area = roc.auc(made.months[name], samples[0]).value
    high = not area < 0.5
    values, others = (w.months[name] if high else -w.months[name] for w in (made, judged))
    side = 1.0 if high else -1.0
    return Told(
        BY_NAME[name], horizon, high, area if high else 1.0 - area, roc.auc(others, samples[1]),
        roc.auc(others, samples[1], same_month=True), side * roc.youden(values, samples[0]),
        side * roc.at_false_rate(values, samples[0]),
    )  # fmt: skip


def chosen(table: list[Told]) -> list[str]:
    """The signs that are watched: the best by the worlds that choose, on average of the horizons, one of a family; the
    defaults of the past year (`BENCHMARK`) are the crisis on its way, and none of them."""
    areas = {name: [t.made for t in table if t.sign.name == name] for name in NAMES if name != BENCHMARK}
    whole = {name: float(np.mean(found)) for name, found in areas.items() if found and not np.isnan(found).any()}
    names: list[str] = []
    for name in sorted(whole, key=lambda n: -whole[n]):
        if BY_NAME[name].family not in {BY_NAME[n].family for n in names}:
            names.append(name)
    return names[:WATCHED]


def at_alarm(values: Floats, told: Told) -> NDArray[np.bool_]:
    """Where a sign is at its threshold or beyond."""
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = values >= told.alarm if told.high else values <= told.alarm
    return found


def watch(told: Told, judged: Worlds, whole: Worlds) -> Watch:
    """A line of the watch list, on worlds that did not make it; today's reading over all worlds."""
    begins = judged.begins()
    alarm = at_alarm(judged.months[told.sign.name], told)
    leads = roc.leads(alarm, begins)
    crises = int(((begins != NEVER) & (begins > 0)).sum())
    values = whole.months[told.sign.name]
    month = int(np.flatnonzero(np.isfinite(values).mean(axis=0) > 0.5)[0])
    now = values[:, month][np.isfinite(values[:, month])]
    low, middle, high = (float(x) for x in np.quantile(now, (0.05, 0.5, 0.95)))
    return Watch(
        told, {h: roc.record(alarm, begins, h) for h in HORIZONS},
        bootstrap(leads.astype(float), lambda v: float(np.median(v))),
        Estimate(len(leads) / crises, *wilson(len(leads), crises)) if crises else NOTHING,
        month, (middle, low, high), float(at_alarm(now, told).mean()),
        {h: roc.curve(values_of(judged, told), judged.sample(h))[1:] for h in HORIZONS},
        before_crises(values, whole.begins()),
    )  # fmt: skip


def before_crises(values: Floats, begins: NDArray[np.int64], months: int = roc.BEFORE) -> tuple[Floats, Floats]:
    """10 %, 50 % and 90 % points of a sign in the months before crises, and in worlds without one in the same months.

    Parameters
    ----------
    values : array, shape (worlds, months of the run + 1)
    begins : array of int, shape (worlds,)

    Returns
    -------
    array, array; shape (3, months + 1)
        From `months` before the crisis to its first month.
    """
    calm = values[begins == NEVER]
    found = np.full((2, 3, months + 1), np.nan)
    for k in range(months + 1):
        at = [(world, t - months + k) for world, t in enumerate(begins.tolist()) if t != NEVER and t - months + k >= 0]
        struck = np.array([values[world, t] for world, t in at])
        quiet = np.concatenate([calm[:, t] for _, t in at]) if at else np.zeros(0)
        for row, taken in enumerate((struck, quiet)):
            there = taken[np.isfinite(taken)]
            if len(there):
                found[row, :, k] = np.quantile(there, (0.1, 0.5, 0.9))
    return found[0], found[1]


def combine(names: list[str], horizon: int, made: Worlds, judged: Worlds) -> Combined:
    """The probability from several signs together, fitted on one half of the worlds and judged on the other."""
    rows = [np.stack([w.months[name] for name in names], axis=-1) for w in (made, judged)]
    samples = made.sample(horizon), judged.sample(horizon)
    fit = chance.fit(rows[0], samples[0])
    struck, quiet = samples[0]
    base = float(struck.sum()) / max(float((struck | quiet).sum()), 1.0)
    said = chance.probability(fit, rows[1])
    _, false, hits = roc.curve(said, samples[1])
    return Combined(
        horizon, fit, base, roc.auc(said, samples[1]), chance.skill(said, samples[1], base),
        chance.score(said, samples[1]), chance.reliability(said, samples[1]), (false, hits),
    )  # fmt: skip


def other(definition: Definition, table: list[Told], judged: Worlds, whole: Worlds) -> Other:
    """How the watched signs, pointing as they do for a crisis, tell another kind of it."""
    begins = whole.begins(definition)
    count = int((begins != NEVER).sum())
    s = judged.sample(SETTING, definition)
    aucs = {t.sign.name: roc.auc(values_of(judged, t), s) for t in table}
    middle = float(np.median(begins[begins != NEVER])) if count else float("nan")
    return Other(definition, Estimate(count / len(begins), *wilson(count, len(begins))), middle, aucs)


def judge(w: Worlds, firm: str = "", tried: int = 0, turned: list[Turned] | None = None) -> Findings:
    """All findings of all worlds.

    Parameters
    ----------
    w : Worlds
    firm : str
        Whose default shocks were looked for; no name for a crisis.
    tried : int
        Worlds in which shocks were tried.
    turned : list of Turned, optional
        What they did.
    """
    made, judged = w.halves()
    begins = w.begins()
    count = int((begins != NEVER).sum())
    by_half = tuple((int((h.begins() != NEVER).sum()), len(h.seeds)) for h in (made, judged))
    enough = min(n for n, _ in by_half) >= LEAST_CRISES
    samples = {h: (made.sample(h), judged.sample(h)) for h in HORIZONS}
    table = [tell(name, h, made, judged, samples[h]) for name in NAMES for h in HORIZONS] if enough else []
    names = chosen(table)
    lines = [t for name in names for t in table if t.sign.name == name and t.horizon == SETTING]
    return Findings(
        Estimate(count / len(begins), *wilson(count, len(begins))), (by_half[0], by_half[1]),
        float(np.median(begins[begins != NEVER])) if count else float("nan"), enough, table,
        [watch(t, judged, w) for t in lines], [combine(names, h, made, judged) for h in HORIZONS] if names else [],
        [other(d, lines, judged, w) for d in DEFINITIONS] if names else [], cases.judge(w), firm, tried, turned or [],
    )  # fmt: skip


def good_worlds(w: Worlds, most: int, fell: NDArray[np.int64] | None = None) -> list[int]:
    """Seeds of the first worlds in which the debt was an investment, and in which a firm did not default.

    Parameters
    ----------
    w : Worlds
    most : int
        Worlds wanted.
    fell : array of int, optional
        Month of the firm's first default in each world, `NEVER` if none.
    """
    good = cases.sort_worlds(w) == cases.INVESTMENT
    if fell is not None:
        good &= fell == NEVER
    return [int(seed) for seed in w.seeds[good][:most]]


