"""An economy that runs: tables with room to grow, opened from the calibration or from any other tables."""

from __future__ import annotations

import copy
import copyreg
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from abm.accounts.ledger import TOLERANCE, sum_claims
from abm.accounts.record import look_through
from abm.calibration.files import Files
from abm.calibration.opening import DEFAULT_OPENING, Opening, opening_tables
from abm.calibration.worlds import World, world
from abm.contagion.rows import clearing_scratch
from abm.engine.ahead import compile_in_two
from abm.engine.chains import chain_rows
from abm.engine.compiled import is_compiled_already
from abm.engine.pointed import Pointed
from abm.engine.room import MOST_PAIRS, month_adds, overflowing
from abm.engine.tables import (
    ACTIVE,
    BN_PER_RATE,
    CHAINS,
    DTYPES,
    ENTRANT,
    FLOW_NAMES,
    FRONTIER_MEMORY,
    HISTORY,
    KIND_NAMES,
    LAB,
    N_OUTSIDE,
    N_SEGMENTS,
    N_TIERS,
    OUTSIDE,
    SAVERS,
    SEGMENT_NAMES,
    TABLES,
    VENDOR,
    VINTAGE_COLUMNS,
    Chains,
    Dues,
    Scratch,
    State,
    dtype_of,
)
from abm.errors import BadInput, Breakdown, InvisibleDebtError
from abm.inputs import parameters as registry
from abm.inputs.dates import LAST_MONTH, month_label
from abm.inputs.firm_names import row_of, stem_of
from abm.inputs.parameters import nearest
from abm.inputs.scenarios import Scenario
from abm.instruments.contract import start_contracts
from abm.instruments.order import tally_orders
from abm.markets.compute import serve_contracts
from abm.markets.credit import measure
from abm.markets.equity import seen_value
from abm.markets.marks import mark_fleets
from abm.markets.power import mean_kw, running_cost
from abm.markets.services import buy_services, price_work
from abm.month import PARTS_COMPILED, run_months
from abm.rules import engine

if TYPE_CHECKING:
    from abm.contagion import Network

# Tables that grow by rows, the counter of rows used, and the rows they start with beyond those of the opening.
GROWING = {
    "contracts": 2048,
    "loans": 2048,
    "orders": 2048,
    "stakes": 1024,
    "hits": 32768,
    "defaults": 256,
    "parents": 32768,
    "events": 32768,
    "series": 128,
}
CHOICES_OVER_USE = (0.25, 4.0)  # least and most choices of a lab's model over its use, at the opening (assumption)
MOST_PREMIUM = 1.5  # largest premium or discount at the opening, in logs (assumption: beyond it the rule is at fault)
OPENING_INSIDE = 0.8  # part of the reached customers that choose any model at the opening (assumption)


def _table(name: str, rows: np.ndarray, room: int) -> Any:
    """A table with room for more rows, as a record array that compiled and plain rules read alike."""
    table = np.zeros(len(rows) + room, DTYPES[name])
    table[: len(rows)] = rows
    return table.view(np.recarray)


def _rebuild(cls: type[Pointed], fields: dict[str, Any]) -> Pointed:
    """A `Pointed` object over its own arrays again; the two views of the parameters share memory."""
    if cls is State:
        fields["param_values"] = fields["params"].view(np.float64).view(np.ndarray)
    return cls(**fields)


def _reduce(value: Pointed) -> tuple[Any, ...]:
    """What copying and pickling keep: the arrays, not their addresses."""
    fields = {name: getattr(value, name) for name in value.fields}
    fields.pop("param_values", None)
    return _rebuild, (type(value), fields)


for _cls in (State, Dues, Scratch, Chains):
    copyreg.pickle(_cls, _reduce)


def allocate(o: Opening, values: np.ndarray, shocks: np.ndarray, *, seed: int, panel: bool) -> State:
    """The tables of an economy as its opening has them, with room to grow; no rule has run.

    Parameters
    ----------
    o : Opening
    values : (P,) float
        Parameters, in the order of `abm.inputs.parameters.PARAMETERS`.
    shocks : records
        Rows of the shock table.
    seed : int
    panel : bool
        Whether the firm panel is to be recorded.
    """
    n, g = len(o.names), len(o.generations)
    cap, cap_g = n + 32, g + 32
    params = np.zeros(1, registry.DTYPE).view(np.recarray)
    tables = {name: np.zeros(0, DTYPES[name]) for name in GROWING}
    for name in ("contracts", "loans", "orders", "stakes"):
        tables[name] = getattr(o, name)
    made = {name: _table(name, tables[name], room) for name, room in GROWING.items()}
    fleet = np.zeros((cap, cap_g), dtype_of(VINTAGE_COLUMNS))
    fleet[:n, :g] = o.fleet
    market = np.zeros(1, DTYPES["market"]).view(np.recarray)
    for name, value in o.market.items():
        market[name] = value
    for name in ("contracts", "loans", "orders", "stakes"):
        market[f"n_{name}"] = len(tables[name])
    m = market[0]
    m.n_firms, m.n_generations, m.n_shocks = n, g, len(shocks)
    m.seed, m.record_panel, m.flagship = seed, int(panel), -1
    m.next_contract = m.n_contracts
    m.next_loan = m.n_loans
    m.next_order = m.n_orders
    for name in ("contracts", "loans", "orders"):
        made[name]["id"][: len(tables[name])] = np.arange(len(tables[name]))
    return State(
        params=params,
        param_values=params.view(np.float64).view(np.ndarray),
        base_values=values,
        bounds=np.array([[p.low, p.high] for p in registry.PARAMETERS]),
        market=market,
        segments=_table("segments", o.segments, 0),
        firms=_table("firms", o.firms, cap - n),
        generations=_table("generations", o.generations, cap_g - g),
        fleet=fleet.view(np.recarray),
        shocks=_table("shocks", shocks, 1),
        dues=_dues(64 * cap + 4096),
        scratch=_scratch(cap, 64 * cap + 4096),
        chains=_chains(cap, {name: len(table) for name, table in made.items()}, 64 * cap + 4096),
        default_round=np.zeros(cap, np.int64),
        cash_before=np.zeros(cap),
        brand=np.zeros((N_SEGMENTS, cap)),
        share=np.zeros((N_SEGMENTS, cap)),
        frontier_memory=np.zeros(FRONTIER_MEMORY),
        revenue_memory=np.zeros((cap, HISTORY)),
        result_memory=np.zeros((cap, HISTORY)),
        market_memory=np.zeros(HISTORY),
        work_space=np.zeros((10, cap)),
        flows=np.zeros((len(FLOW_NAMES), len(KIND_NAMES), len(KIND_NAMES))),
        acted=np.zeros(cap, DTYPES["acted"]).view(np.recarray),
        acted_flows=np.zeros((len(FLOW_NAMES), len(KIND_NAMES), len(KIND_NAMES))),
        flow_record=np.zeros(
            (GROWING["series"] if panel else 1, len(FLOW_NAMES), len(KIND_NAMES), len(KIND_NAMES))
        ),
        panel=np.zeros((GROWING["series"] if panel else 1, cap), DTYPES["panel"]).view(np.recarray),
        **made,
    )


class Economy:
    """The economy of one run.

    Parameters
    ----------
    opening : Opening
        Tables to start from.
    scenario : Scenario, optional
        Changed parameters and shocks; none by default.
    parameters : mapping of str to float, optional
        Parameters set on top of the scenario's.
    rules : mapping of str to callable, optional
        Decision rules replaced, see `abm.rules`.
    seed : int
        0 to 2**62.
    panel : bool
        Whether the firm panel is recorded.
    world : World, optional
        The world in which it runs: its parameters stand below those of the scenario. The opening is to be its own.
        Nothing is drawn here: see `open_economy`.

    Attributes
    ----------
    world : World or None
        As given; None if parameters and opening are the central ones.
    changed : dict of str to float
        Parameters of the scenario and those set on top of it, without the world's.

    Raises
    ------
    BadInput
        For a parameter or firm that does not exist, a value out of range or a bad seed.

    Examples
    --------
    >>> from abm import open_economy
    >>> economy = open_economy(seed=1)
    >>> economy.run(3)
    >>> economy.month
    3
    """

    def __init__(
        self,
        opening: Opening,
        scenario: Scenario | None = None,
        *,
        parameters: Mapping[str, float] | None = None,
        rules: Mapping[str, Callable[..., Any]] | None = None,
        seed: int = 1,
        panel: bool = True,
        world: World | None = None,
    ) -> None:
        self.opening = opening
        self.scenario = scenario
        self.seed = _checked_seed(seed)
        self.world = world
        self.changed: dict[str, float] = {**(scenario.parameters if scenario else {}), **(parameters or {})}
        self._names = tuple(opening.names)
        self._rules = dict(rules or {})
        self._engine = engine(self._rules)
        drawn = {} if world is None else world.parameters
        values = registry.values({**drawn, **self.changed})
        shocks = np.zeros(0, DTYPES["shocks"])
        if scenario is not None:
            shocks = scenario.shock_rows(opening.kinds, opening.date)
            for number, sentence in scenario.without_effect(opening, self.changed, drawn):
                raise BadInput(f"shock {number + 1} of scenario '{scenario.name}': {sentence}")
        self.state = allocate(opening, values, shocks, seed=self.seed, panel=panel)
        self._open()

    def __getstate__(self) -> dict[str, Any]:
        """All but the compiled run, which another process loads from its cache."""
        return {name: value for name, value in self.__dict__.items() if name != "_engine"}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """Restore, with the compiled run of this process."""
        self.__dict__.update(kept)
        self._engine = engine(self._rules)

    # --- building ---------------------------------------------------------------------------------------
    def _open(self) -> None:
        """Bring the opening tables to a state from which a month can run."""
        state, o = self.state, self.opening
        m = state.market[0]
        n = m.n_firms
        if not is_compiled_already():
            compile_in_two(*PARTS_COMPILED, state)
        chain_rows(state)
        state.param_values[:] = state.base_values
        p = state.params[0]
        firms = state.firms
        m.sentiment = 1.0
        m.site_scarcity = 1.0
        m.opening_spot = m.spot_price
        m.flagship = o.names.index(o.flagship) if o.flagship in o.names else -1
        for f in firms[:n]:
            if f.appetite > 0.0:
                self._scale_lender(f, p)
        self._close_outside_books()
        labs = [i for i in range(n) if firms[i].kind == LAB]
        opens = [i for i in range(n) if firms[i].kind == ENTRANT]
        m.frontier = max((firms[i].quality for i in labs), default=0.0)
        m.best_open = max((firms[i].quality for i in opens), default=m.frontier - 1.0)
        for k in range(FRONTIER_MEMORY):
            state.frontier_memory[-k % FRONTIER_MEMORY] = m.frontier - k / 12.0
        for g in range(m.n_generations):
            vendor = firms[state.generations[g].vendor]
            if state.generations[g].released <= 0:
                vendor.last_release = state.generations[g].released
        for i in range(n):
            f = firms[i]
            if f.kind == VENDOR:
                f.markup = f.markup or 1.0
                f.cadence = f.cadence or 12.0
            if f.appetite > 0.0:
                f.lending_open = 1.0
            f.expected_spot = m.spot_price
        state.contracts["amended"][: m.n_contracts] = -1
        state.loans["amended"][: m.n_loans] = -1
        start_contracts(state)
        serve_contracts(state)
        mark_fleets(state)
        tally_orders(state)
        self._open_services(labs, opens)
        sum_claims(state)
        measure(state)
        look_through(state)
        self._open_flows()
        for _ in range(4):  # customers' hazard, now known, is in their sellers', and in those of whom these serve
            serve_contracts(state)
            measure(state)
        state.firms["feared"][:n] = state.firms["pd"][:n]

    @staticmethod
    def _scale_lender(f: Any, p: Any) -> None:
        """A lender of `lender_capital` times the capital, limits and other book.

        Its loans of the opening stay, so that less capital carries as many; nobody opens below its own minimum, and no
        debt to savers below zero.
        """
        scale = p.lender_capital
        capital = f.paid_in + f.retained
        book = (scale - 1.0) * f.other_assets
        needed = f.min_capital * p.capital_requirement
        weighted = p.loan_risk_weight * f.loans_held + f.other_weight * (f.other_assets + book)
        change = (scale - 1.0) * capital
        if change < 0.0:
            change = min(max(change, needed * weighted - capital), 0.0)
        if f.other_debt + book - change < 0.0:
            book = change - f.other_debt
        f.other_assets += book
        f.ai_other = min(f.ai_other * scale, f.other_assets)
        f.other_debt += book - change
        f.retained += change
        f.ai_limit *= scale

    def _close_outside_books(self) -> None:
        """The outside sectors hold the other side of every claim: money, lenders' funding, other debt."""
        state = self.state
        n = state.market[0].n_firms
        firms = state.firms
        sum_claims(state)
        savers = firms[SAVERS]
        savers.other_assets = float(np.sum(firms["other_debt"][:n]) + np.sum(firms["funding"][:n]))
        savers.cash = 0.0
        savers.cash = -float(np.sum(firms["cash"][:n]))
        for i in range(N_OUTSIDE):
            f = firms[i]
            owned = f.cash + f.other_assets + f.sites + f.fleet_book + f.prepaid_out + f.deposits_out
            owned += f.loans_held + f.holdings
            f.retained = owned - f.debt - f.other_debt - f.funding - f.prepaid_in - f.deposits_in - f.paid_in

    def _open_services(self, labs: list[int], opens: list[int]) -> None:
        """Prices by the rules, work from spending, tastes so that the opening shares come out (Berry 1994).

        Shares follow customers' choice a part of the way a month: a lab whose sales grew faster than the other labs'
        is chosen by more than use it today, and the other way round. The share of choices is inferred from the past
        year's growth, so that shares go on moving at its pace: ``choices = share * (1 + (g - mean g) / 12 / speed)``.
        """
        state, o = self.state, self.opening
        m = state.market[0]
        p = state.params[0]
        firms = state.firms
        sellers = labs + opens
        # The unit of work is what the flagship sells for one dollar.
        m.unit_compute = 1.0
        if labs:
            m.unit_compute = 1.0 / price_work(state, max(m.flagship, labs[0]))
        for i in sellers:
            firms[i].price = price_work(state, i)
        rho = p.nest_dissimilarity
        for s in range(N_SEGMENTS):
            work = np.array([o.revenue[s, i] / 12.0 / firms[i].price for i in sellers])
            total = float(np.sum(work))
            segment = state.segments[s]
            segment.potential = total / segment.adoption
            for i, w in zip(sellers, work, strict=True):
                state.share[s, i] = w / total
            chosen = self._chosen(work, len(labs), sellers)
            for nest in (labs, opens):
                inside = float(np.sum([w for i, w in zip(sellers, chosen, strict=True) if i in nest]))
                for i, w in zip(sellers, chosen, strict=True):
                    if i not in nest:
                        continue
                    share = max(w, 1e-6 * total) / total
                    within = max(w, 1e-6 * total) / max(inside, 1e-6 * total)
                    f = firms[i]
                    mean = np.log(share * OPENING_INSIDE / (1.0 - OPENING_INSIDE)) - (1.0 - rho) * np.log(within)
                    mean -= p.quality_sensitivity * (f.quality - p.outside_ratchet * m.frontier)
                    mean += p.price_sensitivity * segment.price_sensitivity * np.log(f.price)
                    state.brand[s, i] = mean
        buy_services(state, True)
        for i in sellers:
            f = firms[i]
            f.need = f.work * f.unit_compute * m.unit_compute
            f.training = min(
                f.training_target * f.need, max(f.capacity + f.contracted_in - f.contracted_out - f.need, 0.0)
            )
            f.training_stock = max(5.0 * f.training, 1e-3)

    def _chosen(self, work: np.ndarray, n_labs: int, sellers: list[int]) -> np.ndarray:
        """Work by seller as customers choose now, the labs together what they sell: labs that grew faster than the
        others have more choices than users."""
        speed = self.state.params[0].switching_speed
        used = work[:n_labs]
        if speed <= 0.0 or used.sum() <= 0.0:
            return work
        growth = self.state.firms["expected_growth"][sellers[:n_labs]]
        excess = growth - float(np.sum(used * growth) / used.sum())
        wanted = used * np.clip(1.0 + excess / 12.0 / speed, *CHOICES_OVER_USE)
        return np.concatenate([wanted * used.sum() / wanted.sum(), work[n_labs:]])

    def _open_flows(self) -> None:
        """Fill the firms' memory of the past year: a trial month on a copy gives the flows, growth the slope."""
        self.make_room()
        state, o = self.state, self.opening
        m = state.market[0]
        n = m.n_firms
        spending = float(np.sum(o.revenue)) / 12.0
        for k in range(HISTORY):
            state.market_memory[-k % HISTORY] = spending * np.exp(-m.demand_growth * k / 12.0)
        self._guess_earnings()
        unpriced = np.flatnonzero(state.firms["valuation"][:n] <= 0.0)
        for _ in range(2):
            trial = trial_of(state)
            trial.market[0].record_panel = 0
            trial.shocks["start"] = 10**6
            run_months(trial, 1)  # not `month`, which would have to be loaded too
            firms, after = state.firms.view(np.ndarray), trial.firms.view(np.ndarray)
            live = np.flatnonzero(
                (firms["status"][:n] == ACTIVE) & (after["status"][:n] == ACTIVE) & (firms["kind"][:n] != OUTSIDE)
            )
            revenue, cost = after["revenue"][live], after["operating_cost"][live]
            firms["revenue"][live] = revenue
            firms["operating_cost"][live] = cost
            firms["mean_cost"][live] = cost
            firms["interest_cost"][live] = after["interest_cost"][live]
            firms["earnings"][live] = revenue - cost + after["stock_pay"][live]
            result = revenue - cost - after["depreciation"][live]
            for k in range(HISTORY):
                slope = np.exp(-firms["expected_growth"][live] * k / 12.0)
                state.revenue_memory[live, -k % HISTORY] = revenue * slope
                state.result_memory[live, -k % HISTORY] = result
            # What nobody has priced yet is worth what investors see by the rule, without the luck of the trial month.
            firms["valuation"][unpriced] = [seen_value(trial, i) for i in unpriced.tolist()]
            measure(state)
        for i in np.setdiff1d(np.flatnonzero(state.firms["status"][:n] == ACTIVE), unpriced).tolist():
            f, seen = state.firms[i], seen_value(state, i)
            if f.kind != OUTSIDE and seen > 0.0:
                f.premium = float(np.clip(np.log(f.valuation / seen), -MOST_PREMIUM, MOST_PREMIUM))
        for name, lines in o.statements.items():
            i = o.names.index(name)
            result = sum(lines.values())
            state.firms[i].operating_result_6m = result
            state.result_memory[i, :] = result / 6.0

    def _guess_earnings(self) -> None:
        """What firms earn before a month has run: invoices, sales and other income less fixed and running costs.

        Without it lenders would see firms without income in the trial month, and call their loans.
        """
        state, o = self.state, self.opening
        sales = np.sum(o.revenue, axis=0) / 12.0
        for i in range(state.market[0].n_firms):
            f = state.firms[i]
            if f.status == ACTIVE and f.kind != OUTSIDE:
                cost = f.fixed_cost + f.invoiced_out
                cost += BN_PER_RATE * f.capacity * running_cost(state, i, mean_kw(state, i))
                f.earnings = f.other_income + f.invoiced_in + sales[i] - cost
        measure(state)

    # --- running ----------------------------------------------------------------------------------------
    def run(self, months: int, progress: Callable[[int], None] | None = None) -> None:
        """Run months in compiled code; tables grow between months when they must.

        Parameters
        ----------
        months : int
            1 or more.
        progress : callable, optional
            Called with the months done so far, about twelve months apart.

        Raises
        ------
        BadInput
            If `months` is not a positive whole number, or the run would be longer than `LAST_MONTH` months.
        Breakdown
            If a month ends with a number that no float holds, or with accounts that do not close.
        """
        if isinstance(months, bool) or not isinstance(months, int | np.integer) or months < 1:
            raise BadInput(f"months must be a whole number of at least 1, not {months!r}")
        if self.month + months > LAST_MONTH:
            raise BadInput(f"months must be at most {LAST_MONTH - self.month}: a run ends at month {LAST_MONTH}")
        done = 0
        while done < months:
            stop = months if progress is None else min(done + 12, months)
            while done < stop:
                self.make_room()
                done += self._advance(stop - done)
            if progress is not None:
                progress(done)

    def _advance(self, months: int) -> int:
        """Run months until one is over in which a table is full, or all are run; how many."""
        pairs = int(self.state.market[0].n_firms) ** 2
        before = _snapshot(self.state) if pairs > MOST_PAIRS else None
        try:
            done = int(self._engine(self.state, months if before is None else 1))
            if self.state.market[0].no_room:
                if before is None:
                    raise InvisibleDebtError("a table of the economy was too short for a month")
                _restore(self.state, before)
                self._grow(spacious=True)
                return 0
        except ArithmeticError as error:  # only rules in plain Python raise it
            raise Breakdown(f"the run breaks down in {self.label}: {error}") from error
        if done < 0:
            raise Breakdown(f"the run breaks down in {self.label}: {self._unsound()}")
        return done

    def _unsound(self) -> str:
        """What is wrong with the month just run: the first quantity that is no number, or by how much accounts are
        open."""
        state = self.state
        tables = (
            ("market", state.market, None),
            ("segments", state.segments, SEGMENT_NAMES),
            ("firms", self.rows("firms"), self.names),
            ("series", self.rows("series")[-1:], None),
        )
        for table, rows, names in tables:
            for column in TABLES[table]:
                wrong = np.flatnonzero(~np.isfinite(rows[column.name]))
                if len(wrong):
                    whose = f" of {names[wrong[0]]}" if names is not None else ""
                    return f"{column.meaning} ({column.name}){whose} is no number that a computer holds"
        gap, largest = float(self.rows("series")["imbalance"][-1]), float(state.market[0].largest_flow)
        if gap > TOLERANCE * max(largest, 1.0):
            return (
                f"the accounts are open by {gap:.3g} bn, more than {TOLERANCE:g} of the payments of the largest month"
                f" ({largest:.4g} bn)"
            )
        return "a sum over all firms is larger than a computer holds"

    def make_room(self) -> None:
        """Let tables grow if one has no room for all that a month can add."""
        if overflowing(self.state):
            self._grow()

    def _grow(self, spacious: bool = False) -> None:
        """Let every table that is short of room grow, by half or by what two months can add; all if `spacious`."""
        state = self.state
        m = state.market[0]
        n, cap = m.n_firms, state.firms.shape[0]
        changed: dict[str, Any] = {}
        *adds, _, _, dues = (int(rows) for rows in month_adds(state))
        for name, rows in zip(GROWING, adds, strict=True):
            table = getattr(state, name)
            have, used = table.shape[0], int(m[f"n_{name}"])
            if used + rows > have or spacious:
                changed[name] = _longer(table, max(have + have // 2, used + 2 * rows))
        if n + 16 > cap:
            cap *= 2
            changed["firms"] = _longer(state.firms, cap)
            for name in ("default_round", "cash_before", "revenue_memory", "result_memory", "acted"):
                changed[name] = _longer(getattr(state, name), cap)
            for name in ("brand", "share", "work_space"):
                changed[name] = _longer(getattr(state, name).T, cap).T.copy()
        cap_g = state.generations.shape[0]
        if m.n_generations + 8 > cap_g:
            cap_g *= 2
            changed["generations"] = _longer(state.generations, cap_g)
        if state.fleet.shape != (cap, cap_g):
            fleet = np.zeros((cap, cap_g), state.fleet.dtype)
            fleet[: state.fleet.shape[0], : state.fleet.shape[1]] = state.fleet
            changed["fleet"] = fleet.view(np.recarray)
        months = changed.get("series", state.series).shape[0]
        if m.record_panel == 1 and state.panel.shape != (months, cap):
            panel = np.zeros((months, cap), state.panel.dtype)
            panel[: state.panel.shape[0], : state.panel.shape[1]] = state.panel
            changed["panel"] = panel.view(np.recarray)
            changed["flow_record"] = _longer(state.flow_record, months)
        rows = state.dues.amount.shape[0]
        if dues > rows or cap != state.scratch.senior.shape[0]:
            rows = max(rows, dues + dues // 2)
            changed["dues"] = _dues(rows)
            changed["scratch"] = _scratch(cap, rows)
        lengths = {name: changed.get(name, getattr(state, name)).shape[0] for name in GROWING}
        changed["chains"] = _chains(cap, lengths, rows, state.chains)
        self.state = state.replace(**changed)
        if overflowing(self.state):
            raise InvisibleDebtError("a table of the economy could not be made large enough")

    # --- reading ----------------------------------------------------------------------------------------
    @property
    def month(self) -> int:
        """Months since the opening."""
        return int(self.state.market[0].month)

    @property
    def label(self) -> str:
        """The month as a year and month, such as "2027-01"."""
        return month_label(self.month, self.opening.date)

    @property
    def names(self) -> tuple[str, ...]:
        """Firm names by row; firms that entered during the run are numbered."""
        firms = int(self.state.market[0].n_firms)
        if len(self._names) != firms:
            self._names = self._name_firms(firms)
        return self._names

    def _name_firms(self, firms: int) -> tuple[str, ...]:
        names = list(self.opening.names)
        seen: Counter[str] = Counter()
        for f in self.state.firms[len(names) : firms]:
            stem = stem_of(int(f.kind), names[f.tenant])
            seen[stem] += 1
            names.append(f"{stem} {seen[stem]}")
        return tuple(names)

    def firm(self, name: str) -> int:
        """Row of a firm.

        Raises
        ------
        BadInput
            If there is none of that name; the message gives the nearest.
        """
        row = row_of(name, self.names)
        if row is None:
            raise BadInput(f"there is no firm '{name}'{nearest(name, self.names)}")
        return row

    def rows(self, table: str) -> Any:
        """Used rows of a table (a view, not a copy)."""
        counter = {"firms": "n_firms", "generations": "n_generations", "shocks": "n_shocks"}
        used = int(self.state.market[0][counter.get(table, f"n_{table}")])
        return getattr(self.state, table)[:used]

    def flows(self) -> np.ndarray:
        """Transaction flows (bn): shape (months recorded, `FLOW_NAMES`, payer's kind, payee's kind)."""
        m = self.state.market[0]
        return self.state.flow_record[: m.n_series if m.record_panel else 0].copy()

    def panel(self) -> Any:
        """The firm panel, shape (months, firms)."""
        m = self.state.market[0]
        return self.state.panel[: m.n_series if m.record_panel else 0, : m.n_firms]

    def network(self, owed: Literal["books", "dues"] = "books") -> Network:
        """Who owes whom at the present month, for the models of `abm.contagion`.

        Parameters
        ----------
        owed : "books" or "dues"
            What counts as owed (bn USD):

            - "books", the stock at the end of the month. Between firms: the principal of all loans, customers'
              prepayments not yet served, deposits on orders. To outsiders: savers' money behind loans, other debt.
              Assets are all else at book value: cash, GPUs, sites, shares held, other assets. So a firm's net worth
              is that of its balance sheet, and clearing asks what would be paid if everything were called at once
              and everything sold at book value. Loans with security rank first (in the network on all that the firm
              has); shares are no debts and pass nothing on. Not counted: interest and invoices still to come.
            - "dues", the flow of the month that was run last: all that fell due in its clearing, in its tiers, against
              the cash that each had then. ``economy.network("dues").clear(alpha=k, beta=k)`` with
              ``k = 1 - bankruptcy_cost`` gives the payments of the month.

        Returns
        -------
        Network
            The firms in business, and the others that are party to something (the sectors around the firms: they
            have what they owe, and pay it).

        Raises
        ------
        BadInput
            For dues before any month has been run.

        Examples
        --------
        >>> from abm import open_economy
        >>> network = open_economy(central=True).network()
        >>> network.unit, network.tiers
        ('bn USD', (1, 2))
        """
        from abm.accounts.owing import network

        return network(self, owed)

    def result_hash(self) -> str:
        """SHA-256 of all rows recorded, of the firms and of their fleets: the same for the same parameters and seed."""
        digest = hashlib.sha256()
        for name in (*GROWING, "firms"):
            rows = self.rows(name)
            for column in rows.dtype.names:
                digest.update(np.ascontiguousarray(rows[column]).tobytes())
        m = self.state.market[0]
        digest.update(np.ascontiguousarray(self.state.fleet["units"][: m.n_firms, : m.n_generations]).tobytes())
        panel = self.panel()
        for column in panel.dtype.names:
            digest.update(np.ascontiguousarray(panel[column]).tobytes())
        return digest.hexdigest()

    def copy(self) -> Economy:
        """An independent copy, to branch a state into what might follow."""
        twin = copy.copy(self)
        twin.state = copy.deepcopy(self.state)
        return twin


def _dues(rows: int) -> Dues:
    """Empty obligations with room for `rows`."""
    whole, number = (lambda: np.zeros(rows, np.int64)), (lambda: np.zeros(rows))
    return Dues(
        debtor=whole(), creditor=whole(), tier=whole(), amount=number(), paid=number(), kind=whole(), ref=whole()
    )


def _scratch(firms: int, rows: int) -> Scratch:
    """Working memory of the clearing."""
    return Scratch(**clearing_scratch(firms, rows, N_TIERS)._asdict())


def _chains(firms: int, lengths: Mapping[str, int], dues: int, old: Chains | None = None) -> Chains:
    """Chains with room for so many firms and rows, those there are kept."""
    per_row = {f"{name}_after": lengths[table] for name, table in CHAINS.items()}
    per_row |= {"hit_before": lengths["hits"], "due_rows": dues, "claim_rows": dues, "kind_after": firms}
    per_row |= {"kind_first": len(KIND_NAMES), "kind_last": len(KIND_NAMES)}
    made = {}
    for name in Chains.fields:
        # The dues' starts have one more, for the end of the last.
        made[name] = np.zeros(per_row.get(name, firms + 1), np.int64)
        if old is not None:
            kept = getattr(old, name)
            made[name][: len(kept)] = kept
    return Chains(**made)


def _snapshot(state: State) -> dict[str, np.ndarray]:
    """Copies of all arrays that a month reads; what is only recorded is written over anyway."""
    recorded = ("panel", "flow_record")
    kept = {name: getattr(state, name).copy() for name, kind in State.fields.items()
            if isinstance(kind, tuple) and name not in recorded}  # fmt: skip
    return kept | {f"chains.{name}": getattr(state.chains, name).copy() for name in Chains.fields}


def _restore(state: State, kept: Mapping[str, np.ndarray]) -> None:
    """Put the arrays back."""
    for name, value in kept.items():
        of, _, part = name.rpartition(".")
        getattr(state.chains if of else state, part)[:] = value


def trial_of(state: State) -> State:
    """A copy of a state to try a month on, without a record; of the room to grow nothing is copied."""
    used = {name: getattr(state, name)[: int(state.market[0][f"n_{name}"])] for name in GROWING}
    trial = copy.deepcopy(state.replace(panel=state.panel[:1], flow_record=state.flow_record[:1], **used))
    return trial.replace(**{name: _longer(getattr(trial, name), len(getattr(state, name))) for name in GROWING})


def _longer(table: Any, rows: int) -> Any:
    """The table with `rows` rows, the new ones zero."""
    longer = np.zeros((rows, *table.shape[1:]), table.dtype)
    longer[: table.shape[0]] = table
    return longer.view(np.recarray) if longer.dtype.names else longer


def open_economy(
    scenario: Scenario | None = None,
    *,
    parameters: Mapping[str, float] | None = None,
    rules: Mapping[str, Callable[..., Any]] | None = None,
    seed: int = 1,
    panel: bool = True,
    opening: str | Path | Files | Opening | World = DEFAULT_OPENING,
    central: bool = False,
) -> Economy:
    """The economy of a date, ready to run, in the world of its seed; see `Economy`.

    The seed draws the world (`abm.calibration.worlds`) as well as the luck: the same seed is the same world under
    every scenario, parameter and rule. A parameter that the scenario names takes the place of the drawn one, and one
    of `parameters` the place of both.

    Parameters
    ----------
    opening : str, Path, Files, Opening or World
        One of `abm.calibration.openings()`, a folder of one's own, or its files. Of tables, only the parameters are
        drawn. A world that is drawn already is taken as it is, whatever the seed.
    central : bool
        Whether nothing is drawn: the middle of every range, so that only the luck differs by seed.

    Raises
    ------
    BadInput
        As `Economy` does, for an opening that does not exist or has mistakes, and for a world that is to be central.
    """
    seed = _checked_seed(seed)
    if isinstance(opening, World):
        if central:
            raise BadInput("give a world or central=True, not both")
        drawn, tables = opening, opening.opening()
    elif central:
        drawn, tables = None, opening if isinstance(opening, Opening) else opening_tables(opening)
    else:
        drawn = world(seed, opening)
        tables = opening if isinstance(opening, Opening) else drawn.opening()
    return Economy(tables, scenario, parameters=parameters, rules=rules, seed=seed, panel=panel, world=drawn)


def _checked_seed(seed: object) -> int:
    """The seed as a whole number.

    Raises
    ------
    BadInput
        If it is none from 0 to 2**62.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**62:
        raise BadInput(f"seed must be a whole number from 0 to 2**62, not {seed!r}")
    return int(seed)
