"""One world run once, and all that is read of it: small tables, from which every finding is made."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from abm.calibration.opening import opening_tables
from abm.engine import tables
from abm.inputs.dates import month_label
from abm.inputs.scenarios import BASELINE, Scenario, Shock, load
from abm.simulation import Economy, open_economy
from experiments.baseline import BORROWERS
from experiments.columns import schema_of
from experiments.risk.asked import about_firms

YEARS = 8
MONTHS = 12 * YEARS
STRIKE_MONTH = 18  # at which the flagship fails, where it is made to
STRIKE = "flagship fails"  # no file: the baseline with that one shock
WATCHED = about_firms("hazard")
CAUSES = ("own doing", *tables.CHANNEL_NAMES)
SECTOR = (tables.NEOCLOUD,)  # whose valuations are correlated with each other


SCHEMAS: Mapping[str, pa.Schema] = {
    "seen": schema_of("""
year | i | year | years since the opening, 0 the first: at its beginning
firm | s | name | a borrower that is active then, and not under protection from its creditors
kind | s | kind | of firm
debt | f | bn USD | principal it owes
hazard | f | 1/year | hazard of default over the next year as lenders see it
hazard_long | f | 1/year | the same over five years, a yearly rate
months | i | months | until its next default, -1 if there is none in the run
way | i | code | of that default, -1 if there is none
months_hard | i | months | until its next default other than a deferral, -1 if there is none in the run
"""),
    "defaults": schema_of(f"""
month | i | month | months since the opening
stage | i | - | round of the cascade within the month
firm | s | name | who failed
kind | s | kind | of firm
way | i | code | 0 liquidation, 1 reorganisation, 2 distressed exchange, 3 deferral
debt | f | bn USD | principal in default
secured | f | bn USD | of which with collateral, at most what had it a month before
loss_credit | f | bn USD | lost by those who had lent to it
loss_equity | f | bn USD | value of its shares lost by their owners
loss_claims | f | bn USD | damages under contracts that it did not pay
settled | i | flag | 1 if these losses are known: of a reorganisation only if its plan took effect within the run
{"".join(f"{name} | f | share | part of the shortfall{chr(10)}" for name in CAUSES).strip()}
"""),
    "firms": schema_of("""
firm | s | name | a borrower of the opening that is no project company
kind | s | kind | of firm
months | i | months | in which its value could be compared with the month before
volatility | f | 1/sqrt(year) | standard deviation of monthly log changes of its value, times sqrt(12)
correlation | f | ratio | mean correlation of these changes with those of the neoclouds of the opening
"""),
    "lenders": schema_of("""
lender | s | name | who
class | s | kind | of lender
year | i | year | years since the opening, 0 the first
capital | f | bn USD | net worth at the beginning of the year
book | f | bn USD | loans held then
losses | f | bn USD | credit losses of the year
marks | f | bn USD | loss on traded loans that marks show and books do not, in the worst month of the year
lent | f | bn USD | loans made in the year
closed | i | flag | 1 if it stopped lending in the year
gated | i | flag | 1 if it let no investor out in a month of the year
failed | i | flag | 1 if it failed in the year
"""),
    "months": schema_of(f"""
month | i | month | months since the opening, 0 the opening itself
ai_revenue | f | bn USD/month | spent on AI services
capex | f | bn USD/month | paid for GPUs and sites
ai_debt | f | bn USD | borrowed for AI infrastructure
orphaned | f | bn USD | of it for failed firms or behind capacity that a lost customer left, until it is let again
spot_price | f | USD/H100e-h | rental price
sentiment | f | ratio | investors' sentiment
borrowers | i | firms | borrowers that are active
hazard | f | 1/year | mean default hazard, as lenders see it, of active borrowers with debt
{"".join(f"hazard of {name} | f | 1/year | not a number once it has failed{chr(10)}" for name in WATCHED).strip()}
"""),
}


@functools.cache
def story(name: str, opening: str) -> Scenario:
    """A scenario of the model, or the baseline in which the flagship of the opening fails (`STRIKE`)."""
    if name != STRIKE:
        return load(name)
    at = opening_tables(opening)
    month = month_label(STRIKE_MONTH, at.date)
    shock = Shock(firm=at.flagship, effect="defaults", start=month)
    return Scenario(name=BASELINE, title=f"{at.flagship} fails in {month}", shock=[shock])


def open_world(settings: Mapping[str, Any], seed: int) -> Economy:
    """The economy of a world at its opening.

    Parameters
    ----------
    settings : mapping
        `opening`, its name or folder; `scenario` (see `story`), whose parameters stand above the world's; `central`:
        whether parameters and opening are the central ones, so that only luck differs by seed.
    seed : int
        Of the world and of its luck.
    """
    opening = str(settings["opening"])
    told = story(str(settings["scenario"]), opening)
    return open_economy(told, seed=seed, opening=opening, central=bool(settings["central"]))


def observe(settings: Mapping[str, Any], seed: int) -> tuple[dict[str, float], dict[str, pa.Table]]:
    """Run a world and read it: what a worker does.

    Parameters
    ----------
    settings, seed
        See `open_world`.

    Returns
    -------
    tuple
        `{"failures": firms that failed}`, and the tables of `SCHEMAS`.
    """
    economy, opened = run_world(settings, seed)
    return {"failures": float(len(economy.rows("defaults")))}, read(economy, opened)


def run_world(settings: Mapping[str, Any], seed: int) -> tuple[Economy, dict[str, Any]]:
    """Run a world to its end.

    Parameters
    ----------
    settings, seed
        See `open_world`.

    Returns
    -------
    tuple
        The economy after `MONTHS` months, and what stood at its opening, as `read` wants it.
    """
    economy = open_world(settings, seed)
    opened = {"firms": economy.rows("firms").copy(), "ai_debt": ai_debt(economy)}
    opened |= {name: float(economy.state.market[name][0]) for name in ("spot_price", "sentiment")}
    economy.run(MONTHS)
    return economy, opened


def ai_debt(economy: Economy) -> float:
    """Borrowed for AI infrastructure now (bn USD)."""
    loans = economy.rows("loans")
    return float(loans["principal"][(loans["status"] == tables.LIVE) & (loans["for_ai"] == 1)].sum())


def read(economy: Economy, opened: Mapping[str, Any]) -> dict[str, pa.Table]:
    """The tables of `SCHEMAS` of a finished run.

    Parameters
    ----------
    economy : Economy
        Run with its panel for `MONTHS` months.
    opened : mapping
        What stood at the opening: the rows of its firms, `ai_debt`, `spot_price` and `sentiment`.
    """
    columns = {
        "seen": _seen(economy, opened["firms"]),
        "defaults": _defaults(economy),
        "firms": _volatility(economy, len(opened["firms"])),
        "lenders": _lenders(economy, opened["firms"]),
        "months": _months(economy, opened),
    }
    return {name: tabled(columns[name], SCHEMAS[name]) for name in SCHEMAS}


def tabled(columns: Iterable[Any], wanted: pa.Schema) -> pa.Table:
    """Columns as a table of a schema, in its order."""
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, wanted, strict=True)], schema=wanted)


def named(economy: Economy, who: NDArray[np.int64]) -> list[str]:
    """Names of rows of the firm table."""
    return [economy.names[i] for i in who.tolist()]


def kinds_of(kinds: Any) -> list[str]:
    """Names of codes of kinds."""
    return [tables.KIND_NAMES[k] for k in np.asarray(kinds).tolist()]


def beginnings(economy: Economy, opened: Any) -> list[Any]:
    """The firms' rows as each year begins: those of the opening, then the panel at the end of each year but the
    last."""
    panel = economy.panel()
    return [opened, *(panel[12 * year - 1] for year in range(1, YEARS))]


def _seen(economy: Economy, opened: Any) -> list[Any]:
    defaults = economy.rows("defaults")
    hard = defaults[defaults["way"] != tables.DEFERRAL]
    found: list[list[Any]] = [[] for _ in SCHEMAS["seen"]]
    for year, rows in enumerate(beginnings(economy, opened)):
        # Who is under protection has defaulted already, and is at no risk of it until the plan (as agencies count).
        free = (rows["status"] == tables.ACTIVE) & (rows["protected_until"] <= 12 * year)
        who = np.flatnonzero(free & np.isin(rows["kind"], BORROWERS))
        months, ways = next_defaults(defaults, who, 12 * year)
        told = [
            [year] * len(who), named(economy, who), kinds_of(rows["kind"][who]), rows["debt"][who],
            rows["pd"][who], rows["pd_long"][who], months, ways, next_defaults(hard, who, 12 * year)[0],
        ]  # fmt: skip
        for column, values in zip(found, told, strict=True):
            column.extend(values)
    return found


def next_defaults(defaults: Any, who: NDArray[np.int64], month: int) -> tuple[list[int], list[int]]:
    """Months from a month until the next default of some firms, and its way; -1 where there is none.

    Parameters
    ----------
    defaults : structured array
        Rows `month`, `firm` and `way`, in the order of time.
    who : array of int
        Firms.
    month : int
        Defaults up to it have been.
    """
    later = np.flatnonzero(defaults["month"] > month)
    nearest = {int(defaults["firm"][k]): int(k) for k in later[::-1]}  # the earliest is written last
    rows = [nearest.get(int(i), -1) for i in who]
    months = [int(defaults["month"][k]) - month if k >= 0 else -1 for k in rows]
    return months, [int(defaults["way"][k]) if k >= 0 else -1 for k in rows]


def _defaults(economy: Economy) -> list[Any]:
    rows, parents, panel = economy.rows("defaults"), economy.rows("parents"), economy.panel()
    weights = np.zeros((len(rows), len(CAUSES)))
    weights[:, 0] = rows["fundamental_share"]
    np.add.at(weights, (parents["default"], 1 + parents["channel"]), parents["weight"])
    before = np.maximum(rows["month"] - 2, 0)  # row of the month before in the panel, whose first is month 1
    secured = np.minimum(panel["secured_debt"][before, rows["firm"]], rows["debt"])
    return [
        rows["month"], rows["stage"], named(economy, rows["firm"]),
        kinds_of(economy.rows("firms")["kind"][rows["firm"]]), rows["way"], rows["debt"], secured,
        rows["loss_credit"], rows["loss_equity"], rows["loss_claims"], settled(rows, economy.rows("events")),
        *weights.T,
    ]  # fmt: skip


def settled(defaults: Any, events: Any) -> list[int]:
    """Whether the losses of each default are known, as 0 or 1.

    Those of a reorganisation are when its plan takes effect; before, they stand at zero, and for good if the firm is
    wound up instead: what is lost then is in the row of the liquidation.

    Parameters
    ----------
    defaults : structured array
        Rows `month`, `firm` and `way`.
    events : structured array
        Rows `month`, `kind` and `a`, in the order of time.
    """
    ends = events[np.isin(events["kind"], (tables.E_REORGANISED, tables.E_DEFAULT))]
    found = []
    for d in defaults:
        later = ends["kind"][(ends["a"] == d["firm"]) & (ends["month"] > d["month"])]
        known = d["way"] != tables.REORGANISATION or (len(later) > 0 and later[0] == tables.E_REORGANISED)
        found.append(int(known))
    return found


def log_changes(values: NDArray[np.float64], active: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Monthly log changes of values, not a number where a firm is not active or worth nothing at either end.

    Parameters
    ----------
    values, active : array, shape (months, firms)

    Returns
    -------
    array, shape (months - 1, firms)
    """
    there = active & (values > 0.0)
    logs = np.log(np.where(there, values, 1.0))
    return np.where(there[1:] & there[:-1], np.diff(logs, axis=0), np.nan)


def mean_correlations(changes: NDArray[np.float64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean correlation of each firm's changes with those of others, over the months both have (two years at least).

    Parameters
    ----------
    changes : array, shape (months, firms)
    others : array of int
        A firm among them is not compared with itself.

    Returns
    -------
    array, shape (firms,)
        Not a number where nothing can be compared.
    """
    there = np.isfinite(changes)
    x, m = np.where(there, changes, 0.0), there.astype(float)
    both = m.T @ m[:, others]
    n = np.maximum(both, 1.0)
    a, b = x.T @ m[:, others], m.T @ x[:, others]  # sums over the months both have
    covariance = x.T @ x[:, others] - a * b / n
    spread = ((x * x).T @ m[:, others] - a * a / n) * (m.T @ (x * x)[:, others] - b * b / n)
    whole = (both >= 24.0) & (spread > 1e-18) & (np.arange(changes.shape[1])[:, None] != others)
    r = np.where(whole, covariance / np.sqrt(np.where(whole, spread, 1.0)), 0.0)
    count = whole.sum(axis=1)
    return np.where(count > 0, r.sum(axis=1) / np.maximum(count, 1), np.nan)


def _volatility(economy: Economy, n: int) -> list[Any]:
    panel = economy.panel()[:, :n]
    kinds = panel["kind"][0]
    who = np.flatnonzero(np.isin(kinds, BORROWERS) & (kinds != tables.VEHICLE))
    sector = np.flatnonzero(np.isin(kinds, SECTOR))
    changes = log_changes(np.asarray(panel["valuation"]), np.asarray(panel["status"] == tables.ACTIVE))
    months = np.isfinite(changes).sum(axis=0)
    spread = [float(np.nanstd(changes[:, i], ddof=1)) * 12**0.5 if months[i] >= 12 else np.nan for i in who]
    return [
        named(economy, who), kinds_of(kinds[who]), months[who], spread,
        mean_correlations(changes, sector)[who],
    ]  # fmt: skip


def _lenders(economy: Economy, opened: Any) -> list[Any]:
    panel, events, firms = economy.panel(), economy.rows("events"), economy.rows("firms")
    who = np.flatnonzero(firms["kind"][: len(opened)] == tables.LENDER)
    stops = events[events["kind"] == tables.E_CREDIT_STOP]
    loans = events[events["kind"] == tables.E_LOAN]
    shut = panel["gated"] > 0
    found: list[list[Any]] = [[] for _ in SCHEMAS["lenders"]]
    for year, rows in enumerate(beginnings(economy, opened)):
        months = slice(12 * year, 12 * year + 12)

        def within(when: Any, first: int = 12 * year) -> Any:
            return (when > first) & (when <= first + 12)

        lent = loans[within(loans["month"])]
        closed = set(stops["a"][within(stops["month"])].tolist())
        told = [
            named(economy, who), [tables.LENDER_NAMES[k] for k in firms["subkind"][who].tolist()], [year] * len(who),
            (rows["paid_in"] + rows["retained"])[who], rows["loans_held"][who],
            panel["loss_month"][months][:, who].sum(axis=0), panel["unrealised"][months][:, who].max(axis=0),
            np.bincount(lent["a"], lent["amount"], minlength=len(firms))[who], [int(i in closed) for i in who.tolist()],
            shut[months][:, who].any(axis=0).astype(int), within(firms["failed"][who]).astype(int),
        ]  # fmt: skip
        for column, values in zip(found, told, strict=True):
            column.extend(values)
    return found


def _months(economy: Economy, opened: Mapping[str, Any]) -> list[Any]:
    panel, series = economy.panel(), economy.rows("series")
    first = opened["firms"]
    borrows = np.vstack([_borrows(first, panel.shape[1]), _borrows(panel, panel.shape[1])])
    hazards = np.vstack([_padded(first["pd"], panel.shape[1]), panel["pd"]])
    owing = borrows & (np.vstack([_padded(first["debt"], panel.shape[1]), panel["debt"]]) > 0.0)
    count = owing.sum(axis=1)
    mean = np.where(owing, hazards, 0.0).sum(axis=1) / np.maximum(count, 1)
    watched = []
    for name in WATCHED:
        at = economy.names.index(name) if name in economy.names else -1
        watched.append(np.where(borrows[:, at], hazards[:, at], np.nan) if at >= 0 else np.full(len(mean), np.nan))
    return [
        np.r_[0, series["month"]], np.r_[0.0, series["ai_revenue"]], np.r_[0.0, series["capex"]],
        np.r_[opened["ai_debt"], series["ai_debt"]], np.r_[0.0, series["orphaned"]],
        np.r_[opened["spot_price"], series["spot_price"]], np.r_[opened["sentiment"], series["sentiment"]],
        borrows.sum(axis=1), np.where(count > 0, mean, np.nan), *watched,
    ]  # fmt: skip


def _borrows(rows: Any, width: int) -> NDArray[np.bool_]:
    """Who is an active borrower, as wide as the panel."""
    return _padded((rows["status"] == tables.ACTIVE) & np.isin(rows["kind"], BORROWERS), width)


def _padded(values: Any, width: int) -> Any:
    """Columns of firms that enter later, as nothing."""
    gap = width - np.shape(values)[-1]
    return np.pad(values, [(0, 0)] * (np.ndim(values) - 1) + [(0, gap)]) if gap else np.asarray(values)
