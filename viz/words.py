"""What the visitor is looking at, for someone who does not know the model or the words of finance."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from abm.inputs.dates import month_words
from viz.odds import OPENING, YEARS, Odds


def welcome(opening: datetime.date) -> str:
    """The first words of the page, which begins with the balance sheets of this date."""
    return (
        "Artificial intelligence is being built on promises. Labs promise to rent computers for years; clouds borrow "
        "to build what was promised; lenders take the computers as security. Press Play and watch who owes whom, month "
        f"by month, from the balance sheets of {month_words(0, opening)} on."
    )


def whose_debt(firm: str, borrowed: Sequence[tuple[str, float]]) -> str:
    """In whose name the invisible debt stands, and who borrowed it (bn USD)."""
    parts = ", ".join(f"{amount:.3g} bn by {who}" for who, amount in borrowed)
    return f"US dollars were borrowed for {firm}, and stand in the books of others: {parts}."


def likely(firm: str, known: Odds) -> str:
    """How often the firm defaults, and what follows where it fails."""
    year = datetime.date.fromisoformat(OPENING).year + YEARS
    return (
        f"In {known.worlds} of {known.of} worlds {firm} defaults by {year}."
        " Where it is made to fail a year and a half after the opening,"
        f" another borrower follows in {known.follows:.0f} of 100, and {known.orphaned:,.0f} bn more are owed for"
        " computers that nobody rents (abm/RISK.md)."
    )


def being_opened(opening: datetime.date) -> str:
    """What is said until the first month is there."""
    return f"Opening the books of {month_words(0, opening)} …"


def unseen(firm: str, effect: str, before: float, after: float) -> str:
    """Why nothing is to be seen of a blow in its month: nobody fails, and the firm stands as it stood.

    Parameters
    ----------
    firm, effect : str
        Whom it struck, and what it was (`abm.inputs.effects`).
    before, after : float
        The firm's cash at the end of the month before and of this one (bn USD).
    """
    left = f"it has {after:,.1f} bn USD in cash"
    why = {
        "loses cash": f"{left}, after {before:,.1f} bn a month ago, and pays what it owes",
        "stops paying": "those who rent computers to it get nothing from it any more, but none of them owes more this"
        " month than it can pay",
        "demand": f"customers leave over months, not at once, and {left} to pay its bills",
        "loses capacity": f"{left} to pay what falls due, and rents or buys anew what it needs",
    }.get(effect, f"{left} to pay what falls due")
    return f"Nobody fails this month of what you did to {firm}: {why}. Press Play to see what becomes of it."


CENTRAL = (
    "The seed draws the world and the luck; with Central on it draws the luck alone, and every number that nobody knows"
    " for sure is at the middle of its range."
)

H100E = "1 H100e is as much computing as one H100 chip does; M H100e are millions of them."

# What the headings of the picture call a kind of firm whose name is a term of the trade.
PLAINLY = {
    "hyperscaler": "large cloud", "neocloud": "AI cloud", "vehicle": "project company", "vendor": "maker of chips",
    "entrant": "free models",
}  # fmt: skip

NETWORK = """
Each mark is a firm: the larger, the more it owns. Colour and pattern tell how it stands: sound, strained, distressed,
failed. Lenders stand at the left, then the companies that own single data centres, then clouds; labs, which use the
computers, stand right of them, and makers of chips and of free models at the far right.

Each line is a debt or a promise, drawn from the firm that owes to the firm it is owed to: loans, contracts to rent
computers, orders of hardware, shares. The wider, the more money. Money is owed leftwards, so when a firm at the right
fails, losses run to the left.

When firms fail, the picture shows it round by round: who fails first, along which lines losses reach others, and
whether they fall too. A loss is named by its way. Counterparty: bills or loans are not paid. Customer: who rented does
so no more. Collateral: the hardware that secures a loan is worth less. Funding: credit is refused. Lender-to-lender:
one lender loses on another. Vendor: orders are withdrawn. Market: prices fall.

Click a firm to open its books. The invisible debt of the title is what others borrowed on behalf of a lab that borrowed
nothing itself.
"""

CHARTS = """
Each small picture follows one quantity month by month; the unit is written beside its title. The upright line is the
month shown above, and a click in a picture goes to that month. Ticks on top mark firms that failed. With "Compare"
switched on, the dashed line is the same economy without any shock or change: same world and luck, other story.
"""

FLOWS = """
Money lent for AI, from left to right: who lent it, who borrowed it, and for whose use the computers were built in the
end. A band's width is the amount. The right-hand column is the invisible debt: it stands in the books of those in the
middle, but rests on the promises of those at the right. A lab marked as failed promises nothing any more: what was
borrowed for it is still owed.
"""

TREE = """
Every firm that failed, from left to right in time. An arrow from one to another says that the first one's failure
helped to bring the second one down, how much of its default it explains, and through which channel most of that went.
Firms without an arrow towards them failed of themselves, of what the story or you did to them, or because of falling
prices. A blow of the story counts with a firm's own doing; what you did to it has a colour of its own.
"""

EVENTS = """
What happened, newest first: contracts signed, loans made, promises broken, failures. Click a month to go there.
"""

COMPARE = """
Two economies of the same world with the same luck: the one you are running, and the baseline, in which no shock
strikes and nothing is changed. What differs between them is what the scenario and your changes did.
"""

FIRM = """
A firm's books at the end of the month shown. It owns assets and owes debts; the difference is its net worth, the
cushion that takes losses before its lenders do. Cover is what it earns against what its debt asks for each month:
below 1 it cannot pay out of earnings. Loan to value is debt against the worth of the hardware that secures it: above
1, lenders would not get all of their money back.
"""

WHAT_IF = """
Everything here is a change to the story: a firm is struck next month, a rule is switched on, a number of the model is
set to another value. The past stays as it was, the luck stays the same, so what you see is the effect of your change
and of nothing else. At the first month a number is set for the whole run; later, from the next month on.
"""

FILES = """
The scenario file repeats exactly what is on screen, shocks made by hand included: run it with the command in its
first line, and you get the same numbers to the last digit. Tables carry units and meanings with every column.
"""
