"""The picture of who owes whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from viz.frames import Frame, Nodes
from viz.places import CAPTIONS
from viz.screen import Screen
from viz.session import Report
from viz.widgets import NetworkView, network_firms, network_frame

SIZE_NOTE = "what it owns; of lenders, what they lent here; of the failed, before that"


def widget_firms(nodes: Nodes) -> dict[str, Any]:
    """Firms and places as the widget takes them."""
    return network_firms(nodes.names, nodes.kinds, nodes.x, nodes.y, CAPTIONS, SIZE_NOTE)


def widget_frame(frame: Frame, hold: float = 0.0) -> dict[str, Any]:
    """A month as the widget takes it; `hold` seconds from now the next one comes, if not 0."""
    edges = frame.edges
    return network_frame(
        frame.month,
        frame.label,
        frame.size,
        frame.health,
        edges.source,
        edges.target,
        edges.kind,
        edges.amount,
        [
            {
                "round": part.number,
                "firms": list(part.firms),
                "edges": [
                    {"source": loss.source, "target": loss.target, "channel": loss.channel, "amount": loss.amount}
                    for loss in part.losses
                ],
            }
            for part in frame.cascade
        ],
        hold,
    )


@solara.component
def Network(  # noqa: N802
    screen: Screen, selected: int, on_firm: Callable[[int], None], dark: bool, baseline: bool = False
) -> None:
    """The network of the run, or of its baseline, redrawn at every report."""

    def clicked(value: dict[str, Any]) -> None:
        on_firm(int(value.get("firm", -1)))

    element = NetworkView.element(selected=selected, dark=dark, on_clicked=clicked, on_taken=screen.taken)

    def attach() -> Callable[[], None]:
        view = solara.get_widget(element)
        last: list[Nodes] = []

        def show(report: Report) -> None:
            nodes, frame = (report.base_nodes, report.base_frame) if baseline else (report.nodes, report.frame)
            if nodes is None or frame is None:
                return
            if not last or last[0] is not nodes:
                last[:] = [nodes]
                view.firms = widget_firms(nodes)
            sent = {} if baseline else {"number": screen.sent()}
            view.frame = {**widget_frame(frame, report.held), **sent}

        return screen.attach(show)

    solara.use_effect(attach, [screen])
