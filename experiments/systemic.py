"""What one firm's trouble does to the others, and which firms matter most.

Both work on copies: the economy handed in stays as it is. Money is in bn USD.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from abm import contagion
from abm.accounts import statement
from abm.accounts.statement import Default, balance_sheet
from abm.acts import default, lose, settle
from abm.contagion import CascadeTree, debtrank
from abm.engine import tables
from abm.errors import BadInput
from abm.inputs.dates import LAST_MONTH, month_label
from abm.instruments.contract import ramp_share, unit_invoice

if TYPE_CHECKING:
    from abm.simulation import Economy

HORIZON = 24  # months that a strike is followed
EARLY = 12  # months; a horizon below is too short for what runs through customers, orders and refinancing
YEAR = 12  # months of a backlog that count as exposed: what lies further ahead can be let again
NO_EQUITY = 1e-6  # bn; stands for the equity of a firm that has lost it all, which DebtRank must divide by
MARKET = "the market"


@dataclass(frozen=True, slots=True)
class Loss:
    """What a shock costs one firm (bn).

    `loss` is its net worth a month later without the shock less that with it, so that all counts that reached it
    on any way: loans and bills unpaid, shares written off, rent and interest lost. `net_worth` is that before the
    shock. Of the loans it made, `lent` is owed by the struck firm and `lent_on_account` by others who borrowed
    it to serve the struck firm (look-through).
    """

    firm: str
    kind: str
    loss: float
    net_worth: float
    lent: float
    lent_on_account: float
    falls: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A firm that fails with the shock and without it: in which month with it, in which without."""

    firm: str
    kind: str
    month: int
    month_without: int


@dataclass(frozen=True, slots=True)
class CreditLoss:
    """Credit losses of a lender from the shock to the end of the horizon (bn), with the shock and without it."""

    firm: str
    kind: str
    losses: float
    losses_without: float


@dataclass(frozen=True, slots=True)
class Paths:
    """One number of the economy at the end of each month after the shock, with it and without it."""

    with_shock: tuple[float, ...]
    without: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a shock has done by the end of some months, against the same months without it and with the same luck.

    `falls` are the defaults of firms that fail only with the shock, those at once among them, in their order;
    `spared` those of firms that fail only without it; `moved` are firms that fail either way, in another month.
    `lenders` have the largest difference first. `sentiment` (1 is normal), `spot_price` (USD/H100e-h) and, in bn a
    month, `new_loans` and `lender_losses` have one number a month; credit losses at once count in the first.
    """

    months: int
    falls: tuple[Default, ...]
    spared: tuple[Default, ...]
    moved: tuple[Moved, ...]
    lenders: tuple[CreditLoss, ...]
    sentiment: Paths
    spot_price: Paths
    new_loans: Paths
    lender_losses: Paths

    @property
    def early(self) -> bool:
        """Whether so few months have passed that much of what the shock does may be still to come."""
        return self.months < EARLY


@dataclass(frozen=True, slots=True)
class Stress:
    """What a shock to one firm does at once, until a month later, and in the months after.

    `month` counts from the day `opening`. `lost` is None if the firm was made to fail. `owed` is all that it owed
    before, `promised` what it had still to pay under contracts (bn). `falls` are the defaults until
    a month later that happen only with the shock, in their order; `anyway` are firms that fail by then with it and
    without it, `spared` those that fail only without it. `lenders` and `others` (firms that are no lenders, the struck
    one left out) have the largest loss until then first. `aftermath` is the whole horizon, and `tree` all that fails
    in it with the shock.
    """

    firm: str
    kind: str
    opening: datetime.date
    month: int
    lost: float | None
    owed: float
    promised: float
    falls: tuple[Default, ...]
    anyway: tuple[str, ...]
    spared: tuple[str, ...]
    lenders: tuple[Loss, ...]
    others: tuple[Loss, ...]
    aftermath: Aftermath
    tree: CascadeTree


@dataclass(frozen=True, slots=True)
class Importance:
    """How much the others depend on one firm.

    `debtrank` is the share of all firms' equity that the others lose if this firm's is wiped out, and
    `equity_lost` the same in bn. If it is made to fail now it pulls down the firms in `pulls_down`, and
    `loss_caused` (bn) is what all firms other than itself lose of their net worth at once: loans and prepayments
    unpaid, shares. `loss_caused` times its `default_probability` (per year, as lenders see it) is `expected_loss`
    (bn a year). `creditors_loss` (bn) is what all creditors of the failed lose, savers behind the other business
    of banks and funds included, which is beyond this economy and counts in no rank. `look_through` (bn) is debt
    on others' books on its account. `score` is the mean of the firm's shares in the sums of debtrank, expected
    loss and look-through debt over all firms. The ranks count from 1; None where the number is zero.
    """

    rank: int
    firm: str
    kind: str
    score: float
    debtrank: float
    debtrank_rank: int | None
    equity_lost: float
    default_probability: float
    pulls_down: tuple[str, ...]
    loss_caused: float
    creditors_loss: float
    expected_loss: float
    expected_loss_rank: int | None
    look_through: float
    look_through_rank: int | None


def stress(economy: Economy, firm: str, *, loss: float | None = None, months: int = HORIZON) -> Stress:
    """Strike one firm at the present month and run on, with and without the shock.

    The month that follows lets what the shock left unpaid fall due: that is what it does at once. What runs through
    lost customers, cancelled orders and refused refinancing takes longer. Both copies share every random draw.

    Parameters
    ----------
    economy : Economy
        The economy; it stays as it is.
    firm : str
        Who is struck.
    loss : float, optional
        bn that it loses, see `abm.acts.lose`; left out, it fails.
    months : int
        How long it is followed, 1 or more.

    Returns
    -------
    Stress

    Raises
    ------
    BadInput
        If the firm is unknown, has failed already or is one of the outside sectors, the loss is not positive, or
        `months` is not a whole number from 1 to what is left until `abm.inputs.dates.LAST_MONTH`.
    """
    row = economy.firm(firm)
    name = economy.names[row]
    check_horizon(economy.month, months, economy.opening.date)
    earlier = len(economy.rows("defaults"))
    struck, calm = economy.copy(), economy.copy()
    if loss is None:
        default(struck, name)
    else:
        lose(struck, name, loss)
    settle(calm)
    lost = [_month(one, {}) for one in (struck, calm)]
    found = list(_gravest(struck, earlier).values())
    in_calm = list(_gravest(calm, earlier))
    fallen = {d.firm for d in found}
    losses = _losses(economy, row, struck, calm, fallen)
    lends = {at: economy.state.firms[at].kind == tables.LENDER for at in losses}
    for _ in range(months - 1):
        lost = [_month(one, so_far) for one, so_far in zip((struck, calm), lost, strict=True)]
    return Stress(
        firm=name,
        kind=statement.kind_name(economy, row),
        opening=economy.opening.date,
        month=economy.month,
        lost=loss,
        owed=balance_sheet(economy, row).total_liabilities,
        promised=statement.ratios(economy, row).backlog_bought,
        falls=tuple(d for d in found if d.firm not in in_calm),
        anyway=tuple(who for who in in_calm if who in fallen),
        spared=tuple(who for who in in_calm if who not in fallen),
        lenders=_largest_first([toll for at, toll in losses.items() if lends[at] and at != row]),
        others=_largest_first([toll for at, toll in losses.items() if not lends[at] and at != row]),
        aftermath=_aftermath(struck, calm, earlier, months, lost),
        tree=cascade_tree(struck, earlier),
    )


def check_horizon(month: int, months: int, opening: datetime.date) -> None:
    """Refuse a number of months to follow that is none, or goes beyond the last month there is.

    Raises
    ------
    BadInput
        With what is allowed from this month on.
    """
    most = LAST_MONTH - month
    if most < 1:
        raise BadInput(f"no month follows {month_label(month, opening)}, the last there is: strike earlier")
    if isinstance(months, bool) or not isinstance(months, int | np.integer) or not 1 <= months <= most:
        raise BadInput(
            f"months must lie between 1 and {most}, the months left after {month_label(month, opening)}, not {months!r}"
        )


def _month(economy: Economy, so_far: dict[int, float]) -> dict[int, float]:
    """Run a month; what every firm has lost on its loans so far (bn), by row, that month included."""
    economy.run(1)
    month = {row: float(amount) for row, amount in enumerate(economy.rows("firms")["loss_month"]) if amount}
    return {row: so_far.get(row, 0.0) + month.get(row, 0.0) for row in so_far.keys() | month.keys()}


def _way(default: Default) -> int:
    """Code of the way of a default: the lower, the graver."""
    return tables.WAY_NAMES.index(default.way)


def _gravest(economy: Economy, first: int) -> dict[str, Default]:
    """The gravest failure of every firm from a row of the default table on, of two alike the earlier, in their order.

    Who only puts off loans has not failed.
    """
    rows = [d for d in list(statement.defaults(economy))[first:] if d.fails]
    best: dict[str, int] = {}
    for at, d in enumerate(rows):
        if d.firm not in best or _way(d) < _way(rows[best[d.firm]]):
            best[d.firm] = at
    return {rows[at].firm: rows[at] for at in sorted(best.values())}


def _aftermath(struck: Economy, calm: Economy, earlier: int, months: int, lost: list[dict[int, float]]) -> Aftermath:
    """What differs between an economy with the shock and one without it, `months` after it."""
    found, in_calm = (_gravest(one, earlier) for one in (struck, calm))
    lenders = [
        CreditLoss(struck.names[row], statement.kind_name(struck, row), lost[0].get(row, 0.0), lost[1].get(row, 0.0))
        for row in sorted(lost[0].keys() | lost[1].keys())
        if struck.state.firms[row].kind == tables.LENDER
    ]
    recorded = {}
    for name in ("sentiment", "spot_price", "new_loans", "lender_losses"):
        with_shock, without = (one.rows("series")[name][-months:].tolist() for one in (struck, calm))
        recorded[name] = [with_shock, without]
    return Aftermath(
        months=months,
        falls=tuple(d for who, d in found.items() if who not in in_calm or _way(d) < _way(in_calm[who])),
        spared=tuple(d for who, d in in_calm.items() if who not in found),
        moved=tuple(
            Moved(who, d.kind, d.month, in_calm[who].month)
            for who, d in found.items()
            if who in in_calm and d.way == in_calm[who].way and d.month != in_calm[who].month
        ),
        lenders=tuple(sorted(lenders, key=lambda x: x.losses_without - x.losses)),
        **{name: Paths(tuple(with_shock), tuple(without)) for name, (with_shock, without) in recorded.items()},
    )


def _losses(economy: Economy, row: int, struck: Economy, calm: Economy, fallen: set[str]) -> dict[int, Loss]:
    """What the shock costs every firm that was in business, by row."""
    # Without the loans to the firm itself, what is lent for its use is lent to others on its account.
    apart = economy.copy()
    loans = apart.rows("loans")
    live = loans["status"] == tables.LIVE
    loans["status"][live & (loans["borrower"] == row)] = tables.ENDED
    own = economy.rows("loans")
    own = own[live & (own["borrower"] == row)]
    found = {}
    for at in _firms(economy):
        account = 0.0
        if economy.state.firms[at].kind == tables.LENDER:
            account = statement.look_through(apart, at).lends_for.get(economy.names[row], 0.0)
        found[at] = Loss(
            firm=economy.names[at],
            kind=statement.kind_name(economy, at),
            loss=balance_sheet(calm, at).net_worth - balance_sheet(struck, at).net_worth,
            net_worth=balance_sheet(economy, at).net_worth,
            lent=float(own["principal"][own["lender"] == at].sum()),
            lent_on_account=account,
            falls=economy.names[at] in fallen,
        )
    return found


def _firms(economy: Economy) -> list[int]:
    """Rows of the firms in business, without the outside sectors."""
    firms = economy.rows("firms")
    return np.flatnonzero((firms["status"] == tables.ACTIVE) & (firms["kind"] != tables.OUTSIDE)).tolist()


def _net_worth(economy: Economy, rows: list[int]) -> NDArray[np.float64]:
    """Paid-in capital and retained earnings of some firms (bn)."""
    firms = economy.rows("firms")[rows]
    return np.asarray(firms["paid_in"] + firms["retained"])


def _largest_first(losses: Sequence[Loss]) -> tuple[Loss, ...]:
    return tuple(sorted(losses, key=lambda toll: -toll.loss))


def cascade_tree(economy: Economy, first: int = 0) -> CascadeTree:
    """The defaults of a run and their causes as a tree.

    Parameters
    ----------
    economy : Economy
        The economy after the run.
    first : int
        Row of the default table to begin with; what failed before stands in the tree as a cause by name.

    Returns
    -------
    CascadeTree
        Ids are rows of the default table.
    """
    made: list[contagion.Default] = []
    ids: dict[str | None, int] = {}
    for row, d in enumerate(statement.defaults(economy)):
        if row < first:
            continue
        parents = tuple(contagion.Parent(ids.get(c.parent, c.parent or MARKET), c.channel, c.weight) for c in d.causes)
        made.append(contagion.Default(row, d.firm, d.month, d.round, d.shortfall, parents))
        ids[d.firm] = row
    return CascadeTree(made)


def draw_tree(tree: CascadeTree, path: Path, *, title: str) -> None:
    """Draw a cascade tree into a PNG file.

    Parameters
    ----------
    tree : CascadeTree
        What to draw.
    path : Path
        The file to write.
    title : str
        Heading of the picture.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    from matplotlib.figure import Figure  # a second to import, and few callers draw

    found = list(tree.defaults.values())
    rounds = [(d.month, d.round) for d in found]
    widest = max((rounds.count(step) for step in set(rounds)), default=1)
    size = (max(7.0, 2.2 * (1 + len(set(rounds)))), max(4.0, 0.5 * widest))
    figure = Figure(figsize=size, dpi=120, layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle(title)
    if found:
        tree.draw(axes)
    else:
        axes.text(0.5, 0.5, "no firm fails", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
    figure.savefig(path, format="png", metadata={"Software": None})


def exposures(economy: Economy) -> NDArray[np.float64]:
    """What each firm stands to lose with each other firm, counted for DebtRank.

    Loans to it, a year's invoices to it on contracts signed, prepayments made to it, deposits on orders with it,
    and shares in it at book value.

    Parameters
    ----------
    economy : Economy
        The economy, at its present month.

    Returns
    -------
    (F, F) float array
        Entry [i, j]: asset of firm i against firm j (bn), by rows of the firm table.
    """
    n = len(economy.rows("firms"))
    owed = np.zeros((n, n))
    for loan in economy.rows("loans"):
        if loan.status == tables.LIVE:
            owed[loan.lender, loan.borrower] += loan.principal
    for c in economy.rows("contracts"):
        if c.status in (tables.LIVE, tables.PENDING):
            first = max(economy.month + 1, c.start)
            end = min(first + c.months_left, economy.month + 1 + YEAR)
            owed[c.seller, c.buyer] += unit_invoice(c) * sum(ramp_share(c, at) for at in range(first, end))
            owed[c.buyer, c.seller] += c.prepaid
    for order in economy.rows("orders"):
        if order.status == tables.PENDING:
            owed[order.buyer, order.vendor] += order.deposit
    for stake in economy.rows("stakes"):
        owed[stake.holder, stake.issuer] += stake.book
    np.fill_diagonal(owed, 0.0)
    return owed


def distress(economy: Economy) -> tuple[dict[int, float], float]:
    """DebtRank of every firm: the share of all equity that the others lose if this firm's is wiped out.

    Linear DebtRank (Bardoscia, Battiston, Caccioli and Caldarelli 2015) on the network of `exposures` among the
    firms in business, with book equity as capital and as weights; `abm.contagion.debtrank`.

    Parameters
    ----------
    economy : Economy
        The economy, at its present month.

    Returns
    -------
    dict of int to float
        DebtRank by row of the firm table.
    float
        All equity together (bn).

    Raises
    ------
    NotConverged
        If the linear solve fails.
    """
    rows = _firms(economy)
    equity = np.maximum(_net_worth(economy, rows), NO_EQUITY)
    among = exposures(economy)[np.ix_(rows, rows)]
    struck = np.eye(len(rows))
    return {row: debtrank(among, equity, struck[k]).debtrank for k, row in enumerate(rows)}, float(equity.sum())


def importance(economy: Economy, progress: Callable[[float], None] | None = None) -> list[Importance]:
    """Firms by systemic importance at the present month, the most important first.

    Ordered by an equally weighted mean of shares, as the Basel Committee scores banks (BCBS 2013, Global
    systemically important banks: updated assessment methodology): DebtRank, expected loss caused, look-through
    debt. The loss caused is that of the rounds at once (`abm.acts.default`), on a copy.

    Parameters
    ----------
    economy : Economy
        The economy; it stays as it is.
    progress : callable, optional
        Called with the part done so far, 0 to 1.

    Returns
    -------
    list of Importance
        Firms in business, without the outside sectors.

    Raises
    ------
    NotConverged
        If the linear solve of DebtRank fails.
    """
    ranks, equity = distress(economy)
    earlier = len(economy.rows("defaults"))
    rows = list(ranks)
    calm = economy.copy()
    settle(calm)
    worth = _net_worth(calm, rows)
    anyway = _failed(calm.rows("defaults")[earlier:])
    caused: dict[int, float] = {}
    unpaid: dict[int, float] = {}
    pulled: dict[int, tuple[str, ...]] = {}
    for place, row in enumerate(rows):
        struck = economy.copy()
        default(struck, economy.names[row])
        found = struck.rows("defaults")[earlier:]
        lost = np.maximum(worth - _net_worth(struck, rows), 0.0)
        caused[row] = float(np.delete(lost, place).sum())
        unpaid[row] = float((found["loss_credit"] + found["loss_claims"]).sum())
        others = dict.fromkeys(at for at in _failed(found) if at not in anyway and at != row)
        pulled[row] = tuple(economy.names[at] for at in others)
        if progress is not None:
            progress((place + 1) / len(rows))
    firms = economy.state.firms
    chance = {row: float(firms[row].pd) for row in rows}
    carried = {row: float(firms[row].look_through) for row in rows}
    expected = {row: chance[row] * caused[row] for row in rows}
    measures = (ranks, expected, carried)
    sums = [sum(measure.values()) for measure in measures]
    score = {
        row: sum(m[row] / total for m, total in zip(measures, sums, strict=True) if total > 0.0) / len(measures)
        for row in rows
    }
    return [
        Importance(
            rank=place,
            firm=economy.names[row],
            kind=statement.kind_name(economy, row),
            score=score[row],
            debtrank=ranks[row],
            debtrank_rank=_rank(ranks, row),
            equity_lost=ranks[row] * equity,
            default_probability=chance[row],
            pulls_down=pulled[row],
            loss_caused=caused[row],
            creditors_loss=unpaid[row],
            expected_loss=expected[row],
            expected_loss_rank=_rank(expected, row),
            look_through=carried[row],
            look_through_rank=_rank(carried, row),
        )
        for place, row in enumerate(sorted(rows, key=lambda row: (-score[row], row)), 1)
    ]


def _failed(defaults: Any) -> list[int]:
    """Rows of the firms that fail in rows of the default table, in their order."""
    return list(dict.fromkeys(defaults["firm"][defaults["way"] != tables.DEFERRAL].tolist()))


def _rank(measure: dict[int, float], row: int) -> int | None:
    """Place of a firm by one measure, equal ones sharing the better place; None if it has none of it."""
    if measure[row] <= 0.0:
        return None
    return 1 + sum(other > measure[row] for other in measure.values())


def shock_sentence(found: Stress) -> str:
    """The shock in words."""
    what = "fails" if found.lost is None else f"loses {found.lost:g} bn"
    return f"{found.firm} ({found.kind}) {what} at the end of {month_label(found.month, found.opening)}"
