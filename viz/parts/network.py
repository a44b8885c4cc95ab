"""The picture of who owes whom; beside it, when comparing, the same picture of the baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import solara
from numpy.typing import ArrayLike

from viz.frames import FAILED_NOW, Frame, Nodes
from viz.languages import Language, use_language
from viz.parts.markup import Html, paragraph
from viz.places import LANES
from viz.plan import Plan
from viz.screen import Screen, use_report
from viz.session import Report
from viz.widgets import NetworkView, network_firms, network_frame

MOST_NAMED = 6  # firms in a sentence


def widget_firms(nodes: Nodes, speaker: Language, room: ArrayLike = ()) -> dict[str, Any]:
    """Firms and places as the widget takes them; `room` are the sizes each is given room for."""
    captions = [{"text": speaker.say(f"lane-{lane.heading}"), "x": lane.x, "y": 0.0} for lane in LANES]
    return network_firms(nodes.names, nodes.kinds, nodes.x, nodes.y, captions, speaker.say("network-size-note"), room)


def widget_frame(frame: Frame, hold: float = 0.0, label: str = "", **beside: Any) -> dict[str, Any]:
    """A month as the widget takes it, under another label if given; `hold` seconds from now the next one comes.

    `beside`: `apart` and `shared` of `network_frame`, where another picture stands beside this one.
    """
    edges = frame.edges
    return network_frame(
        frame.month,
        label or frame.label,
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
        **beside,
    )


def there(names: tuple[str, ...], others: tuple[str, ...], values: np.ndarray, absent: float) -> np.ndarray:
    """What another run says of these firms, by name; `absent` of those that are not in it."""
    known = dict(zip(others, values.tolist(), strict=True))
    return np.array([known.get(name, absent) for name in names])


def standing_apart(report: Report) -> tuple[list[str], list[str], int]:
    """Firms that have failed in the visitor's run alone, those in the baseline alone, and how many firms of both stand
    otherwise than in the other run."""
    if report.base_nodes is None or report.base_frame is None:
        return [], [], 0
    names = report.nodes.names
    mine, base = report.frame.health, there(names, report.base_nodes.names, report.base_frame.health, -1.0)
    here, elsewhere = mine >= FAILED_NOW, base >= FAILED_NOW
    both = base >= 0.0
    return (
        [names[i] for i in np.flatnonzero(both & here & ~elsewhere)],
        [names[i] for i in np.flatnonzero(both & elsewhere & ~here)],
        int((both & (_grade(mine) != _grade(base))).sum()),
    )


def difference(report: Report, speaker: Language) -> str:
    """How the visitor's run differs from the baseline in the month shown, in a sentence or three."""
    mine, base, apart = standing_apart(report)
    if not apart:
        return speaker.say("picture-same")
    told = [speaker.say("picture-apart", count=apart)]
    for message, firms in (("picture-only-mine", mine), ("picture-only-base", base)):
        if firms:
            more = [f"+{len(firms) - MOST_NAMED}"] if len(firms) > MOST_NAMED else []
            told.append(speaker.say(message, firms=speaker.listed([*firms[:MOST_NAMED], *more])))
    return " ".join(told)


def _grade(health: np.ndarray) -> np.ndarray:
    """Health, with one grade for all that have failed: in which month is no difference."""
    return np.minimum(health, FAILED_NOW)


def credit(plan: Plan, speaker: Language) -> dict[str, str]:
    """What stands below a still or a video."""
    message = "picture-title-hand" if plan.by_hand else "picture-title"
    story = speaker.own(f"story-{plan.base.name}", plan.base.title or plan.base.name)
    return {
        "title": speaker.say(message, story=story, seed=str(plan.seed)),
        "source": speaker.say("picture-source", opening=speaker.month(plan.opening.date)),
    }


@solara.component
def Picture(  # noqa: N802
    screen: Screen, selected: int, on_firm: Callable[[int], None], dark: bool, film: dict[str, Any],
    on_filmed: Callable[[dict[str, Any]], None],
) -> None:  # fmt: skip
    """The network of the run, and beside it that of the baseline while it is compared with it."""
    speaker = use_language()
    lines, set_lines = solara.use_state(cast(dict[str, Any], {}))
    report = use_report(screen, lambda r: r.base_frame and (r.run, r.frame.month, r.base_frame.month))
    comparing = report is not None and report.base_frame is not None
    shared: dict[str, Any] = {"on_firm": on_firm, "dark": dark, "lines": lines, "on_lines": set_lines}
    with solara.Div(classes=["id-pair", "id-two"] if comparing else ["id-pair"]):
        with solara.Div(classes=["id-canvas"]).key("mine"):
            if comparing:
                Html(paragraph(speaker.say("picture-mine"), "id-sub"))
            Network(screen, selected, film=film, on_filmed=on_filmed, **shared).key("network")
        if comparing:
            with solara.Div(classes=["id-canvas", "id-canvas-base"]).key("base"):
                Html(paragraph(speaker.say("picture-base"), "id-sub"))
                Network(screen, selected, baseline=True, **shared)
    if comparing and report is not None:
        Html(paragraph(difference(report, speaker), "id-apart"))


@solara.component
def Network(  # noqa: N802
    screen: Screen, selected: int, on_firm: Callable[[int], None], dark: bool, lines: dict[str, Any],
    on_lines: Callable[[dict[str, Any]], None], baseline: bool = False, film: dict[str, Any] | None = None,
    on_filmed: Callable[[dict[str, Any]], None] = lambda _: None,
) -> None:  # fmt: skip
    """The network of the run, or of its baseline, redrawn at every report; firms are rows of the run's."""
    speaker = use_language()

    def mirrored(row: int, back: bool) -> int:
        """The row of a firm in the baseline's picture, or `back` from there; -1 if it is not in the other."""
        report = screen.session.report
        if not baseline or report is None or report.base_nodes is None:
            return row
        here, to = report.nodes.names, report.base_nodes.names
        if back:
            here, to = to, here
        return to.index(here[row]) if 0 <= row < len(here) and here[row] in to else -1

    def clicked(value: dict[str, Any]) -> None:
        on_firm(mirrored(int(value.get("firm", -1)), True))

    element = NetworkView.element(
        selected=mirrored(selected, False), dark=dark, on_clicked=clicked, on_taken=screen.taken, lines=lines,
        on_lines=on_lines, film=film or {}, on_filmed=on_filmed, words=speaker.words(*NetworkView.PARTS),
    ).key(speaker.tag)  # fmt: skip

    def attach() -> Callable[[], None]:
        view = solara.get_widget(element)
        last: list[Any] = []

        def show(report: Report) -> None:
            mine, other = (report.nodes, report.frame), (report.base_nodes, report.base_frame)
            (nodes, frame), (nodes_there, frame_there) = (other, mine) if baseline else (mine, other)
            if nodes is None or frame is None:
                return
            beside: dict[str, Any] = {}
            room = np.zeros(0)
            if nodes_there is not None and frame_there is not None:
                room = np.maximum(frame.size, there(nodes.names, nodes_there.names, frame_there.size, 0.0))
                health = there(nodes.names, nodes_there.names, frame_there.health, -1.0)
                failed = (frame.health >= FAILED_NOW) != (health >= FAILED_NOW)
                amounts = (frame.edges.amount, frame_there.edges.amount)
                beside = {
                    "apart": np.where(health >= 0.0, (_grade(frame.health) != _grade(health)) * (1 + failed), 0),
                    "shared": {
                        "largest": float(room.max(initial=0.0)),
                        "total": float(max(frame.size.sum(), frame_there.size.sum())),
                        "most": float(max(one.max(initial=0.0) for one in amounts)),
                    },
                }
            present = [nodes, nodes_there]
            if not last or any(one is not two for one, two in zip(last, present, strict=True)):
                last[:] = present
                view.firms = widget_firms(nodes, speaker, room)
            credited = credit(report.plan, speaker)
            if view.credit != credited:
                view.credit = credited
            sent = {} if baseline else {"number": screen.sent()}
            label = speaker.month_of(frame.month, report.plan.opening.date)
            view.frame = {**widget_frame(frame, report.held, label, **beside), **sent}

        return screen.attach(show)

    solara.use_effect(attach, [screen, speaker])
