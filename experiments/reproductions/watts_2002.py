"""Watts 2002: one flipped node can flip nearly all of a random network that is neither sparse nor dense."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import numpy as np
from scipy.stats import binom, poisson

from abm.contagion import exact
from abm.contagion.thresholds import Exact
from abm.errors import BadInput
from experiments.reproductions.figures import BLUE, GREY, ORANGE, panels
from experiments.reproductions.intervals import agrees
from experiments.reproductions.poisson_cascades import (
    BREAKOUT,
    Estimate,
    cascade_sizes,
    estimate,
    frequency_row,
    simulate,
)
from experiments.reproductions.poisson_window import extent, undirected_frequency, window
from experiments.reproductions.study import (
    CLOSED_FORM,
    EXACT,
    LATER,
    OWN_RUN,
    PAPER,
    Bench,
    Outcome,
    Row,
    Study,
    Symbol,
)

SEED = 2002
DRAWS, CURVE_DRAWS = 5000, 400
Z_AXIS = (
    0.5,
    0.75,
    1.0,
    1.25,
    1.5,
    1.75,
    2.0,
    2.5,
    3.0,
    3.5,
    4.0,
    4.5,
    5.0,
    5.25,
    5.5,
    5.75,
    6.0,
    6.25,
    6.5,
    7.0,
)
OUTSIDE = (0.75, 7.0)
STATED, ASSUMED_DRAWS = 0.881, 1000


@dataclass(frozen=True)
class Watts:
    """The model, in the paper's symbols.

    Parameters
    ----------
    z : float
        Mean degree.
    n : int
        Nodes.
    phi : int, str, float, Fraction or Decimal
        Share of flipped neighbours that flips a node, positive, read exactly; reaching it is enough.

    Raises
    ------
    BadInput
        If phi is not a positive number.
    """

    z: float
    n: int = 10_000
    phi: Exact = "18/100"

    def __post_init__(self) -> None:
        """Refuse a threshold that everyone has reached before the start."""
        if not self.ratio:
            raise BadInput(f"phi must be positive, got {self.phi}")

    @property
    def ratio(self) -> Fraction:
        """The threshold as a fraction."""
        return exact("phi", self.phi)

    @property
    def K(self) -> int:  # noqa: N802 - the paper's symbol
        """Largest degree at which one flipped neighbour is enough."""
        return int(1 / self.ratio)

    def need(self, k: int) -> int:
        """Flipped neighbours that flip a node with k neighbours."""
        return max(-int(-k * self.ratio // 1), 1)

    def sizes(self, draws: int, stream: int = 0) -> Estimate:
        """Frequency and extent of global cascades over `draws` graphs."""
        point = (SEED, self.n, round(self.z * 1000), stream)
        return estimate(
            cascade_sizes(draws, point, n=self.n, z=self.z, ratio=self.ratio, strict=False, directed=False),
            self.n,
        )


def edge_extent(model: Watts) -> float:
    """Share flipped in a global cascade on an infinite network (Gleeson and Cahalane 2007, seed of size 0).

    A neighbour reached along an edge has `1 + Poisson(z)` neighbours, one of them the node itself, unflipped:
    `q = sum_j P(Poisson(z) = j) P(Binomial(j, q) >= need(j + 1))`; the share is the same sum with `need(j)`.
    """
    q = extent(model.z, lambda j: model.need(j + 1))
    j = np.arange(1, int(poisson.isf(1e-16, model.z)) + 2)
    return float(poisson.pmf(j, model.z) @ binom.sf(np.array([model.need(int(k)) for k in j]) - 1, j, q))


def run(bench: Bench) -> Outcome:
    """The stated point and the curve over mean degree."""
    models = [Watts(z) for z in Z_AXIS]
    three = Watts(3.0)
    found = simulate(bench, dict.fromkeys(models, bench.draws(CURVE_DRAWS)) | {three: bench.draws(DRAWS)})
    ours = found[three]
    closed, reach = undirected_frequency(three.z, three.K), edge_extent(three)
    ends = window(three.K - 1)
    assert ends is not None
    theirs = sqrt(STATED * (1 - STATED) / ASSUMED_DRAWS)
    low, high = (found[Watts(z)] for z in OUTSIDE)
    rows = [
        Row(
            "Window of mean degrees: z P(Poisson(z) ≤ K - 2) > 1, K = 5 for φ = .18, the equation of Gai "
            "and Kapadia",
            "1.020704 to 5.764677",
            ends,
            EXACT,
            three.K == 5 and max(abs(ends[0] - 1.020704), abs(ends[1] - 5.764677)) < 1e-6,
            origin=CLOSED_FORM,
        ),
        frequency_row(
            "Frequency of global cascades at z = 3, N = 10,000", f"{STATED}", STATED, ASSUMED_DRAWS, ours
        ),
        Row(
            "The same on an infinite network",
            f"{STATED}",
            closed,
            EXACT,
            agrees(closed, 0.0, STATED, theirs),
            f"{closed - STATED:+.4f}: sampling of the stated value",
            origin=OWN_RUN,
        ),
        Row(
            "Frequency at z = 3: simulation against the infinite network",
            f"{closed:.4f}",
            ours.frequency,
            ours.interval,
            agrees(ours.frequency, ours.error, closed),
            f"{ours.frequency - closed:+.4f}: sampling",
            origin=CLOSED_FORM,
        ),
        Row(
            "Size of a global cascade at z = 3: simulation against the infinite network",
            f"{reach:.4f}",
            ours.extent,
            ours.extent_interval,
            abs(ours.extent - reach) < 0.002,
            f"{ours.extent - reach:+.5f}: finite size",
            origin=f"{LATER}: the equation of Gleeson and Cahalane 2007",
        ),
        Row(
            f"No global cascades well outside the window (z = {OUTSIDE[0]} and {OUTSIDE[1]:g})",
            "0",
            (low.frequency, high.frequency),
            (low.interval[0], max(low.interval[1], high.interval[1])),
            low.frequency < 0.01 and high.frequency < 0.01,
            origin=PAPER,
        ),
    ]

    fine = np.linspace(0.5, 7, 131)
    curves: dict[str, list[float]] = {
        "z": list(Z_AXIS),
        "frequency": [found[m].frequency for m in models],
        "z of the closed form": fine.tolist(),
        "frequency, infinite network": [undirected_frequency(float(z), three.K) for z in fine],
        "size, infinite network": [edge_extent(Watts(float(z))) for z in fine],
    }
    reached = [m for m in models if found[m].breakouts]
    curves["z of the size"], curves["size"] = [m.z for m in reached], [found[m].extent for m in reached]
    bars = np.abs(np.array([found[m].interval for m in models]) - np.array(curves["frequency"])[:, None]).T
    figure, [axis] = panels(1, width=8)
    axis.plot(
        fine, curves["frequency, infinite network"], color=BLUE, lw=1, label="frequency, infinite network"
    )
    axis.errorbar(
        Z_AXIS, curves["frequency"], bars, fmt="o", ms=3.5, color=BLUE, label="frequency, N = 10,000"
    )
    axis.plot(fine, curves["size, infinite network"], color=ORANGE, lw=1, label="size, infinite network")
    axis.plot(curves["z of the size"], curves["size"], "s", ms=3.5, color=ORANGE, label="size, N = 10,000")
    for end in ends:
        axis.axvline(end, color=GREY, ls=":")
    axis.set(xlabel="average degree z", ylabel="frequency, and size, of global cascades", ylim=(0, 1.02))
    axis.legend(frameon=False, fontsize=8, loc="lower center")
    return Outcome(rows, figure, curves)


STUDY = Study(
    name="watts-2002",
    title="A simple model of global cascades on random networks",
    source="Watts 2002, Proceedings of the National Academy of Sciences 99(9), 5766-5771",
    question="People copy their neighbours once enough of them have changed. One first mover can change "
    "nearly everyone, "
    "but only if the network is neither too sparse nor too dense.",
    setup=(
        Symbol("n", "nodes", "10,000"),
        Symbol(
            "z",
            "mean degree: each pair is linked with probability z / (n - 1)",
            f"{Z_AXIS[0]} to {Z_AXIS[-1]:g}",
        ),
        Symbol("φ", "share of flipped neighbours that flips a node; reaching it is enough", "18/100"),
        Symbol("K", "largest degree at which one neighbour is enough", "5"),
        Symbol("global cascade", "share of nodes that flip", f"more than {BREAKOUT:.0%}"),
    ),
    missing=(
        "How large a cascade must be to be called global: more than 5 % of the nodes. Sizes are so far "
        "apart that any "
        "bound between 1 and 50 % gives the same at z = 3.",
        f"The draws behind the stated frequency, that of an own independent run: {ASSUMED_DRAWS:,} are "
        "assumed.",
        f"Random numbers: seed {SEED}, {DRAWS:,} draws at the stated point and {CURVE_DRAWS:,} elsewhere.",
        "A node without neighbours never flips.",
    ),
    seconds=15,
    run=run,
)
