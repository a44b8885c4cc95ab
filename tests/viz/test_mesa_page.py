"""The page for people who know Mesa renders and steps."""

import solara

from viz.mesa_page import PARAMETERS, Page


def test_it_renders_without_a_console_of_python():
    box, rendering = solara.render(Page(), handle_error=False)
    try:
        rendering.find(solara.v.Btn, children=["Step"]).assert_not_empty() if hasattr(solara, "v") else None
        assert "Console" not in str(box)
        assert PARAMETERS["scenario"]["value"] == "baseline"
    finally:
        rendering.close()
