"""Why nothing is seen of a blow."""

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
