"""What a shock can do to a firm: one row an effect, for the loader, the page, the words and the rules alike.

A new effect is a row here and the function of that name in `abm.environment.shocks`.
"""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """What `size` means for an effect: its unit, its least and greatest value, and what the page asks and proposes."""

    unit: str
    low: float
    high: float
    question: str
    proposal: str


class Effect(NamedTuple):
    """One effect; its code in the shock table is its place among `EFFECTS`.

    Attributes
    ----------
    name : str
        As scenarios write it.
    act : str
        The function of `abm.environment.shocks` that does it.
    kinds : tuple of str
        Kinds of firms (`abm.engine.tables.KIND_NAMES`) on which it can have an effect, or EVERY_AGENT.
    why_not : str
        Why it has none on the others.
    words : str
        What happens to the firm, as the page tells it.
    lasts, ramps : bool
        Whether it lasts for `duration` months, and whether it can grow to full strength.
    hardware : bool
        Whether a firm that buys no hardware must own some at the opening.
    size : Size, optional
    """

    name: str
    act: str
    kinds: tuple[str, ...]
    why_not: str
    words: str
    lasts: bool = False
    ramps: bool = False
    hardware: bool = False
    size: Size | None = None

    def strikes(self, kind: str) -> bool:
        """Whether it can have an effect on firms of a kind."""
        return kind in self.kinds if self.kinds else kind != "outside"


EVERY_AGENT: tuple[str, ...] = ()  # all kinds but the sectors outside
EFFECTS = (
    Effect(
        "demand", "shift_demand", ("lab", "entrant"), "it sells no AI models", "loses customers' favour",
        lasts=True, ramps=True,
        size=Size(
            "log points of the taste for its models, negative for a loss", -10.0, 10.0,
            "how much, from -10 to 10 (-0.5 is a hard blow)", "-0.5",
        ),
    ),
    Effect(
        "stops paying", "stop_paying", ("lab", "hyperscaler", "neocloud"), "it rents nothing under contract",
        "stops paying its bills", lasts=True,
    ),
    Effect(
        "loses cash", "lose_cash", EVERY_AGENT, "it is a sector around the agents that pays whatever it owes",
        "loses cash",
        size=Size("bn USD", 0.0, 1e4, "bn USD", "5"),
    ),
    Effect("defaults", "give_up", EVERY_AGENT, "it is a sector around the agents that never fails", "fails"),
    Effect(
        "loses capacity", "lose_capacity", ("lab", "hyperscaler", "neocloud", "vehicle"), "it owns no hardware",
        "loses computers", hardware=True,
        size=Size("share of its fleet", 0.0, 1.0, "share of its computers, 0 to 1", "0.5"),
    ),
)  # fmt: skip
BY_NAME: dict[str, Effect] = {effect.name: effect for effect in EFFECTS}
CODES: dict[str, int] = {effect.name: code for code, effect in enumerate(EFFECTS)}
