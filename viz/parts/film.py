"""Some months of the run as a video, which the browser makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from viz.languages import use_language
from viz.parts.markup import Html, paragraph
from viz.screen import Screen, use_report


@solara.component
def Film(  # noqa: N802
    screen: Screen, film: dict[str, Any], set_film: Callable[[dict[str, Any]], None], set_note: Callable[[str], None]
) -> None:
    """From which month to which, and a button."""
    spoken = use_language()
    report = use_report(screen, lambda r: (r.run, r.plan.months))
    first, set_first = solara.use_state(0)
    last, set_last = solara.use_state(24)
    if report is None:
        return
    months = report.plan.months

    def record() -> None:
        if not 0 <= first < last <= months:
            set_note(spoken.say("picture-film-wrong", months=months))
            return
        set_note("")
        set_film({"first": first, "last": last, "count": film.get("count", 0) + 1})
        screen.session.seek(first)
        screen.session.play()

    Html(paragraph(spoken.say("picture-film-about"), "id-hint"))
    with solara.Row(classes=["id-film"]):
        solara.InputInt(spoken.say("picture-film-first"), value=first, on_value=set_first)
        solara.InputInt(spoken.say("picture-film-last"), value=last, on_value=set_last)
        solara.Button(spoken.say("picture-film-start"), on_click=record, color="primary")
