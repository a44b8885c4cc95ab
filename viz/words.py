"""What the visitor is looking at, for someone who does not know the model or the words of finance."""

from __future__ import annotations


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
