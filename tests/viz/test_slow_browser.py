"""How many pictures a browser is sent before it has drawn them."""

from types import SimpleNamespace

import pytest

from viz import screen as at
from viz.screen import ON_THE_WAY, PATIENCE, TARDY, Screen


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(time=100.0)
    monkeypatch.setattr(at.time, "monotonic", lambda: now.time)
    return now


def sent_until_behind(screen, most=2 * ON_THE_WAY):
    """Pictures that may be sent before one of them is drawn."""
    numbers = []
    while not screen._behind() and len(numbers) < most:
        numbers.append(screen.sent())
    return numbers


def test_a_browser_that_draws_late_has_fewer_on_the_way_until_it_is_quick_again(clock):
    screen = Screen(SimpleNamespace(report=None, stopped=False))
    assert len(sent_until_behind(screen)) == ON_THE_WAY
    clock.time += TARDY + 0.1
    for number in range(1, ON_THE_WAY + 1):
        screen.taken(number)
    assert len(sent_until_behind(screen)) == 1
    for _ in range(ON_THE_WAY):
        clock.time += TARDY / 2
        screen.taken(screen._sent)
        screen.sent()
    screen.taken(screen._sent)
    assert len(sent_until_behind(screen)) == ON_THE_WAY


def test_a_browser_that_draws_nothing_is_sent_one_now_and_then(clock):
    screen = Screen(SimpleNamespace(report=None, stopped=False))
    sent_until_behind(screen)
    clock.time += PATIENCE
    assert not screen._behind()
    screen.sent()
    assert screen._behind()
