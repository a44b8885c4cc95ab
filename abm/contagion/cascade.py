"""The cascade tree: for every default, which earlier ones explain it, and through which channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING

from abm.errors import BadInput

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

ROUNDING = 1e-9
"""Slack within which the weights of a default's parents may sum to more than one."""


@dataclass(frozen=True)
class Parent:
    """One cause of a default.

    Attributes
    ----------
    source : int or str
        The id of an earlier default, or the name of a cause that is none, such as "market".
    channel : str
        How it acted, such as "counterparty" or "collateral".
    weight : float
        Part of the shortfall it explains, 0 to 1.
    """

    source: int | str
    channel: str
    weight: float


@dataclass(frozen=True)
class Default:
    """One default; what its parents leave unexplained is fundamental.

    Attributes
    ----------
    id : int
        A number of its own.
    firm : str
        Who failed.
    month, round : int
        When, and in which round of that month's cascade.
    shortfall : float
        What it could not pay, in the unit of the model.
    parents : tuple of Parent
        Its causes.
    """

    id: int
    firm: str
    month: int
    round: int
    shortfall: float
    parents: tuple[Parent, ...] = ()

    @property
    def fundamental(self) -> float:
        """Part of the shortfall that no other cause explains."""
        return max(1.0 - sum(p.weight for p in self.parents), 0.0)


class CascadeTree:
    """Defaults and their causes: a directed graph without circles, from causes to what they brought down.

    Parameters
    ----------
    defaults : iterable of Default
        In any order; a parent must come before its child by month, round and id.

    Attributes
    ----------
    defaults : mapping of int to Default
        By id, in order of month, round and id.

    Raises
    ------
    BadInput
        An id twice, a parent that is unknown or not earlier, or weights that are negative or sum to more than
        one.

    Examples
    --------
    >>> tree = CascadeTree([
    ...     Default(0, "Lab", 7, 1, 5.0),
    ...     Default(1, "Cloud", 7, 2, 3.0, (Parent(0, "customer", 0.8),)),
    ...     Default(2, "Bank", 7, 3, 1.0, (Parent(1, "counterparty", 0.5), Parent("market", "market", 0.5))),
    ... ])
    >>> [d.firm for d in tree.roots()]
    ['Lab']
    >>> [d.firm for d in tree.trace(2)]
    ['Bank', 'Cloud', 'Lab']
    >>> {cause: round(part, 3) for cause, part in tree.origins(2).items()}
    {'market': 0.5, 0: 0.4, 1: 0.1}
    """

    defaults: Mapping[int, Default]

    def __init__(self, defaults: Iterable[Default]) -> None:
        ordered = sorted(defaults, key=lambda d: (d.month, d.round, d.id))
        known: dict[int, Default] = {}
        for d in ordered:
            if d.id in known:
                raise BadInput(f"defaults must have different ids; {d.id} comes twice")
            for p in d.parents:
                if not isinstance(p.source, str) and p.source not in known:
                    raise BadInput(f"default {d.id} has the parent {p.source}, which is no earlier default")
                if not p.weight >= 0.0:
                    raise BadInput(f"default {d.id} has a parent of weight {p.weight}: at least 0 is allowed")
            if sum(p.weight for p in d.parents) > 1.0 + ROUNDING:
                raise BadInput(f"default {d.id} has parents whose weights sum to more than 1")
            known[d.id] = d
        self.defaults = MappingProxyType(known)

    def __len__(self) -> int:
        return len(self.defaults)

    def roots(self) -> list[Default]:
        """Defaults that no earlier default helped to cause.

        Returns
        -------
        list of Default
            In order of month, round and id.
        """
        return [d for d in self.defaults.values() if not _earlier(d)]

    def trace(self, default: int) -> list[Default]:
        """The line of heaviest causes from a default back to a root.

        Parameters
        ----------
        default : int
            Id.

        Returns
        -------
        list of Default
            The default first, the root last.

        Raises
        ------
        BadInput
            No such default.
        """
        line = [self._get(default)]
        while weights := _earlier(line[-1]):
            heaviest = min(weights, key=lambda source: (-weights[source], source))
            line.append(self.defaults[heaviest])
        return line

    def origins(self, default: int) -> dict[int | str, float]:
        """What started it all: the part of a default that each origin explains, along all lines.

        Parameters
        ----------
        default : int
            Id.

        Returns
        -------
        dict
            From the id of a default (its fundamental part) or the name of another cause to the part, the
            largest first. The parts sum to 1.

        Raises
        ------
        BadInput
            No such default.
        """
        to_explain = {self._get(default).id: 1.0}
        parts: dict[int | str, float] = {}
        for d in reversed(list(self.defaults.values())):
            share = to_explain.get(d.id, 0.0)
            if share == 0.0:
                continue
            total = d.fundamental + sum(p.weight for p in d.parents)
            parts[d.id] = share * d.fundamental / total
            for p in d.parents:
                part = share * p.weight / total
                if isinstance(p.source, str):
                    parts[p.source] = parts.get(p.source, 0.0) + part
                else:
                    to_explain[p.source] = to_explain.get(p.source, 0.0) + part
        found_parts = {cause: part for cause, part in parts.items() if part > 0.0}
        return dict(sorted(found_parts.items(), key=lambda item: (-item[1], str(item[0]))))

    def to_networkx(self) -> nx.MultiDiGraph:
        """The tree as a networkx graph.

        Returns
        -------
        networkx.MultiDiGraph
            One node a default (firm, month, round, shortfall, fundamental) or other cause (kind "cause"); one
            edge a cause and channel, from cause to default (channel, weight).
        """
        import networkx as nx  # a second to import, and few callers draw

        graph = nx.MultiDiGraph()
        for d in self.defaults.values():
            graph.add_node(
                d.id,
                kind="default",
                firm=d.firm,
                month=int(d.month),
                round=int(d.round),
                shortfall=float(d.shortfall),
                fundamental=float(d.fundamental),
            )
            for p in d.parents:
                if isinstance(p.source, str) and p.source not in graph:
                    graph.add_node(p.source, kind="cause", firm=p.source)
                graph.add_edge(p.source, d.id, channel=p.channel, weight=float(p.weight))
        return graph

    def to_graphml(self, path: str | PathLike[str]) -> None:
        """Write the tree as GraphML, as Gephi, yEd and others read it.

        Parameters
        ----------
        path : str or path
            The file to write.
        """
        import networkx as nx

        nx.write_graphml(self.to_networkx(), path)

    def draw(self, ax: Axes | None = None) -> Axes:
        """Draw the tree: rounds from left to right, an arrow a cause, its width the weight.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to draw; a new figure if left out.

        Returns
        -------
        matplotlib axes
        """
        import matplotlib.pyplot as plt

        if ax is None:
            ax = plt.figure(layout="constrained").add_subplot()
        steps = sorted({(d.month, d.round) for d in self.defaults.values()})
        causes = sorted({p.source for d in self.defaults.values() for p in d.parents if isinstance(p.source, str)})
        columns: list[list[int | str]] = [list(causes)] if causes else []
        columns += [[d.id for d in self.defaults.values() if (d.month, d.round) == step] for step in steps]
        place = {
            node: (float(x), (len(column) - 1) / 2.0 - y)
            for x, column in enumerate(columns)
            for y, node in enumerate(column)
        }
        channels = sorted({p.channel for d in self.defaults.values() for p in d.parents})
        colour = {channel: f"C{k % 10}" for k, channel in enumerate(channels)}
        for d in self.defaults.values():
            for k, p in enumerate(d.parents):
                ax.annotate(
                    "",
                    place[d.id],
                    place[p.source],
                    arrowprops={
                        "arrowstyle": "-|>",
                        "color": colour[p.channel],
                        "linewidth": 0.5 + 3.0 * p.weight,
                        "shrinkA": 8,
                        "shrinkB": 8,
                        "connectionstyle": f"arc3,rad={0.08 * k}",
                    },
                )
        for node, (x, y) in place.items():
            is_default = not isinstance(node, str)
            ax.plot(x, y, "o" if is_default else "s", color="black" if is_default else "grey", markersize=6)
            name = self.defaults[node].firm if not isinstance(node, str) else node
            ax.annotate(name, (x, y), (0, 8), textcoords="offset points", ha="center", fontsize=8)
        for channel in channels:
            ax.plot([], [], color=colour[channel], label=channel)
        if channels:
            ax.legend(title="channel", fontsize=8)
        ax.set_xticks(
            range(len(columns)),
            (["causes"] if causes else []) + [f"month {month}\nround {r}" for month, r in steps],
        )
        ax.set_yticks([])
        ax.margins(0.15)
        return ax

    def _get(self, default: int) -> Default:
        if default not in self.defaults:
            raise BadInput(f"default must be the id of a default; {default!r} is none")
        return self.defaults[default]


def _earlier(d: Default) -> dict[int, float]:
    """Earlier defaults among the parents of a default, with their summed weights."""
    weights: dict[int, float] = {}
    for p in d.parents:
        if not isinstance(p.source, str):
            weights[p.source] = weights.get(p.source, 0.0) + p.weight
    return weights
