"""The guided story on the page: its scenes are played by the visitor's own session, until he takes over."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import solara

from viz.guide import script
from viz.languages import use_language
from viz.screen import Screen
from viz.session import Report
from viz.widgets import GuideCard

BUTTONS = ("open", "next", "back", "skip", "done", "pause", "resume")


def asked_for(query: str | None) -> str:
    """Whether an address asks for the guide: "yes", "no", or "ask", the browser knows whether it was seen.

    `?guide=1` and `?guide=0` say so; an address that names anything else leads to that and not to the guide.

    >>> asked_for(""), asked_for("guide=1&seed=3"), asked_for("seed=3"), asked_for("lang=ja")
    ('ask', 'yes', 'no', 'ask')
    """
    given = parse_qs((query or "").removeprefix("?"))
    if "guide" in given:
        return "yes" if given["guide"][-1] == "1" else "no"
    return "no" if set(given) - {"lang", "lecture"} else "ask"


@solara.component
def Guide(screen: Screen, choose: Callable[[int], None], query: str | None, dark: bool) -> None:  # noqa: N802
    """The card, and what its scenes do to the run and to the firm that is open."""
    language = use_language()
    scenes = solara.use_memo(lambda: script(screen.session.begun), [])
    told = solara.use_memo(
        lambda: [
            {"title": one.title(language), "text": one.told(language), "seconds": one.seconds(language),
             "picture": one.picture}
            for one in scenes
        ], [language.tag],
    )  # fmt: skip

    def go(at: int) -> None:
        if not 0 <= at < len(scenes):
            return
        scene = scenes[at]
        screen.session.show(scene.plan, scene.month, at)
        report = screen.session.report
        names = report.nodes.names if report else ()
        choose(names.index(scene.firm) if scene.firm in names else -1)

    element = GuideCard.element(
        scenes=told, words={name: language.say(f"guide-{name}") for name in BUTTONS}, ask=asked_for(query), dark=dark,
        on_at=go,
    )  # fmt: skip

    def attach() -> Callable[[], None]:
        card = solara.get_widget(element)
        led = [-1]  # the scene that the run was last seen to follow

        def show(report: Report) -> None:
            if report.scene < 0 <= led[0] == card.at:
                card.at = -1  # the visitor has taken over
            led[0] = report.scene
            there = report.scene >= 0 and report.frame.month == scenes[report.scene].month
            card.arrived = report.scene if there else -1

        return screen.attach(show)

    solara.use_effect(attach, [screen])
