"""The session: plays, stops at once, goes back, takes changes, and never dies of a mistake."""

import gc
import math
import resource
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from abm.engine.tables import EVENT_NAMES
from abm.inputs.scenarios import BASELINE, load
from abm.simulation import open_economy
from viz.languages import language
from viz.parts.controls import marked
from viz.parts.story import _what
from viz.plan import Plan
from viz.session import Event, Report, Session, _event, _Run

R6 = "r6_customer_concentration"


@pytest.fixture
def session():
    found = []

    def start(plan: Plan | None = None, **named) -> Session:
        made = Session(plan or Plan(load(R6)), **named)
        made.start()
        found.append(made)
        return made

    yield start
    for made in found:
        made.stop()
        assert made.join(5.0)


def until(session: Session, holds, timeout: float = 30.0) -> Report:
    """The first report for which something holds."""
    number, end = 0, time.monotonic() + timeout
    while time.monotonic() < end:
        number, report = session.wait(number, 1.0)
        if report is not None and holds(report):
            return report
    raise AssertionError(f"never came: last {session.report and session.report.frame.month}")


def test_it_opens_with_the_balance_sheets_of_the_opening(session):
    report = until(session(), lambda r: True)
    assert report.frame.month == 0
    assert report.frame.label == "December 2025"
    assert not report.playing
    assert "OpenAI" in report.nodes.names


def test_play_goes_to_the_end_and_shows_the_numbers_of_a_run(session):
    made = session(Plan(load(R6), seed=5, months=60))
    made.set_speed(math.inf)
    made.play()
    report = until(made, lambda r: r.frame.month == 60 and not r.playing)
    economy = open_economy(load(R6), seed=5)
    economy.run(60)
    rows = economy.rows("series")
    for name, values in report.series.items():
        np.testing.assert_array_equal(values, rows[name])
    np.testing.assert_allclose(report.carried["OpenAI"], rows["look_through_flagship"], rtol=1e-6)
    assert len(report.carried) == 5
    np.testing.assert_allclose(sum(report.carried.values()), rows["look_through"], rtol=1e-6)
    assert [f.firm for f in report.story.failures] == [economy.names[d.firm] for d in economy.rows("defaults")]


def test_the_log_says_over_how_much_a_firm_defaulted_and_how_large_a_loan_was():
    assert _what(Event(3, "default", "OpenAI", "", 0, 224.0)) == "default over 224 bn"
    assert _what(Event(3, "loan made", "Big Bank", "Lambda", 0, 2.0)) == "loan made with Lambda, 2 bn"


@pytest.mark.parametrize(
    ("kind", "whom", "amount", "outside", "told"),
    [
        ("GPUs ordered", "NVIDIA", 1.88, False, "GPUs ordered with NVIDIA, 1.88 bn"),
        ("GPUs ordered", "Workers and suppliers", 0.5, True, "sites ordered with Workers and suppliers, 500 m"),
        ("order cancelled", "NVIDIA", 1.88, False, "order of GPUs cancelled with NVIDIA, 1.88 bn"),
        ("order cancelled", "Workers and suppliers", 2.0, True,
         "order of sites cancelled with Workers and suppliers, 2 bn"),
        ("fire sale", "", 3.0, False, "fire sale for 3 bn"),
        ("lender stops lending", "", 0.0128, False,
         "lender stops lending, capital 1.3 % of what it lent, weighted by risk"),
        ("generation released", "", 15.2401, False, "generation released, at 15,240 USD an H100e"),
        ("open model released", "", 0.25, False, "open model released, 0.25 years of progress better"),
        ("project founded", "Cloud project 1", 26.7, False, "project founded: Cloud project 1, 26.7 bn"),
        ("covenant broken", "Big Bank", 1.0, False, "covenant broken with Big Bank, debt too high by 1 bn"),
    ],
)  # fmt: skip
def test_every_amount_of_the_log_has_the_unit_in_which_it_is_logged(kind, whom, amount, outside, told):
    assert kind in EVENT_NAMES
    assert _what(Event(3, kind, "TeraWulf", whom, 0, amount, outside)) == told


def test_orders_of_sites_are_known_from_orders_of_hardware():
    economy = open_economy(load(R6), seed=1)
    economy.run(6)
    orders = economy.rows("orders")
    paid = {(int(o["buyer"]), int(o["vendor"]), round(float(o["units"] * o["price"]), 9)) for o in orders}
    placed = [e for e in economy.rows("events") if EVENT_NAMES[e["kind"]] == "GPUs ordered"]
    assert {_event(e.item(), economy.names).outside for e in placed} == {True, False}
    last = [e for e in placed if e["month"] == 6]
    found = [(int(e["a"]), int(e["b"]), round(float(e["amount"]), 9)) in paid for e in last]
    assert all(found), "the amount is units times price"
    assert found


def test_books_come_before_the_next_month_of_a_slow_run(session):
    made = session()
    made.set_speed(0.01)
    made.play()
    node = until(made, lambda r: r.playing and r.frame.month == 1).nodes.names.index("CoreWeave")
    made.watch(node)
    report = until(made, lambda r: r.books is not None)
    assert (report.books.name, report.frame.month) == ("CoreWeave", 1)


def test_a_mistake_does_not_keep_books_away(session):
    made = session()
    node = until(made, lambda r: True).nodes.names.index("CoreWeave")
    made.watch(node)
    made.set_parameter("power_price", "abc")
    report = until(made, lambda r: r.books is not None)
    assert report.books.name == "CoreWeave"
    assert "power_price" in report.message


def test_pause_stops_at_once_at_any_speed(session):
    made = session(Plan(load(BASELINE), months=300))
    for speed in (20.0, math.inf):
        made.seek(0)
        made.set_speed(speed)
        made.play()
        until(made, lambda r: r.playing and r.frame.month > 2)
        made.pause()
        assert not made.report.playing
        until(made, lambda _: not made._playing)  # the month that was running ends
        stood = made.report.frame.month
        time.sleep(0.3)
        assert (made.report.frame.month, made.report.playing) == (stood, False)


@pytest.mark.parametrize("how", ["pause", "toggle"])
def test_pause_is_answered_while_a_month_runs(session, monkeypatch, how):
    made = session(Plan(load(BASELINE)))
    until(made, lambda r: True)
    step, running = _Run.step, threading.Event()

    def slowly(run):
        running.set()
        time.sleep(0.5)
        step(run)

    monkeypatch.setattr(_Run, "step", slowly)
    made.set_speed(math.inf)
    made.play()
    until(made, lambda r: r.playing)
    running.clear()
    assert running.wait(5.0)
    month, left, leave = made.report.frame.month, [], made._leave
    monkeypatch.setattr(made, "_leave", lambda report: (left.append(report), leave(report)))
    getattr(made, how)()
    assert not made.report.playing
    until(made, lambda r: r.frame.month == month + 1)
    time.sleep(0.7)
    assert made.report.frame.month == month + 1
    assert len(left) > 1
    assert not any(report.playing for report in left)
    monkeypatch.undo()
    made.play()
    until(made, lambda r: r.playing and r.frame.month > month + 1)


def test_a_value_that_is_so_already_runs_nothing_again(session):
    made = session(Plan(load(R6)))
    made.step(3)
    made.set_parameter("carbon_price", "10")
    run = until(made, lambda r: r.frame.month == 3 and r.plan.by_hand).run
    made.set_parameter("carbon_price", "10")  # Enter, and then the field is left
    made.step()
    assert until(made, lambda r: r.frame.month == 4).run == run


def test_a_run_made_shorter_while_it_plays_ends_there(session):
    made = session(Plan(load(BASELINE), months=300))
    made.set_speed(math.inf)
    made.play()
    until(made, lambda r: r.frame.month > 20)
    made.select(Plan(load(BASELINE), months=10))
    report = until(made, lambda r: r.plan.months == 10 and not r.playing)
    time.sleep(0.3)
    assert made.report.frame.month == report.frame.month == 10


def test_a_firm_that_has_not_entered_yet_is_not_struck(session):
    made = session(Plan(load(BASELINE)))
    made.step(5)
    made.strike("Entering cloud 2", "defaults", step=True)
    report = until(made, lambda r: r.message != "")
    assert report.message == "Entering cloud 2 is not there yet in May 2026: go on until it has entered"
    assert (report.frame.month, report.plan.strikes) == (5, ())


def test_a_command_that_comes_during_a_long_look_ends_it(session, monkeypatch):
    made = session(Plan(load(BASELINE)))
    until(made, lambda r: True)
    looking, looks = threading.Event(), []

    def slowly(economy):
        looking.set()
        time.sleep(0.5)
        return {"at": economy.month}

    monkeypatch.setattr("viz.session.funding_flows", slowly)
    monkeypatch.setattr(Session, "_books", lambda made: looks.append("books"))
    made.step()
    assert looking.wait(5.0)
    made.step()
    report = until(made, lambda r: r.frame.month == 2)
    assert "at" not in report.flows
    assert looks == []
    assert until(made, lambda r: "at" in r.flows).flows == {"at": 2}
    assert looks == ["books"]


def test_going_back_and_forth_shows_the_same_month(session):
    made = session()
    made.seek(30)
    there = until(made, lambda r: r.frame.month == 30)
    made.seek(10)
    back = until(made, lambda r: r.frame.month == 10)
    assert back.reach == 30
    assert len(back.series["debt"]) == 30
    made.seek(30)
    again = until(made, lambda r: r.frame.month == 30 and r is not there)
    np.testing.assert_array_equal(there.frame.size, again.frame.size)
    np.testing.assert_array_equal(there.frame.edges.amount, again.frame.edges.amount)
    np.testing.assert_array_equal(there.frame.health, again.frame.health)


def test_step_goes_one_month_on_and_back(session):
    made = session()
    made.step()
    until(made, lambda r: r.frame.month == 1)
    made.step(-1)
    until(made, lambda r: r.frame.month == 0 and r.reach == 1)


def test_a_struck_firm_fails_and_the_past_stays(session):
    made = session(Plan(load(BASELINE)))
    made.seek(12)
    before = until(made, lambda r: r.frame.month == 12)
    made.strike("OpenAI", "defaults", step=True)
    after = until(made, lambda r: r.frame.month == 13)
    node = after.nodes.names.index("OpenAI")
    assert node in after.frame.cascade[0].firms
    assert after.run != before.run
    np.testing.assert_array_equal(before.series["debt"], after.series["debt"][:12])
    made.undo_changes()
    undone = until(made, lambda r: r.run > after.run)
    assert undone.frame.month == 13
    assert not undone.frame.cascade


def test_another_length_keeps_the_run_and_another_seed_begins_it(session):
    made = session(Plan(load(BASELINE), seed=3, months=60))
    made.set_parameter("carbon_price", 30.0)
    made.seek(12)
    before = until(made, lambda r: r.frame.month == 12)
    made.select(before.plan)
    made.select(Plan(load(BASELINE), seed=3, months=90))
    longer = until(made, lambda r: r.plan.months == 90)
    assert longer.run == before.run + 1, "choosing what is already so changes nothing"
    assert (longer.frame.month, longer.plan.parameters) == (12, {"carbon_price": 30.0})
    made.select(Plan(load(BASELINE), seed=4, months=90))
    begun = until(made, lambda r: r.plan.seed == 4)
    assert (begun.frame.month, begun.plan.parameters) == (0, {"carbon_price": 30.0}), "other luck, the same changes"
    made.select(Plan(load(R6), seed=4, months=90))
    other = until(made, lambda r: r.plan.base.name == R6)
    assert not other.plan.by_hand
    assert "without your changes" in other.message


def test_a_firm_that_has_entered_can_be_struck(session):
    made = session(Plan(load(BASELINE), seed=2))
    there = len(until(made, lambda r: True).nodes.names)
    made.seek(36)
    name = until(made, lambda r: r.frame.month == 36).nodes.names[there]
    made.strike(name, "defaults", step=True)
    after = until(made, lambda r: r.frame.month == 37)
    assert after.message == ""
    assert there in after.frame.cascade[0].firms


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.set_parameter("power_price", "<script>alert(1)</script>"),
        lambda s: s.set_parameter("../../etc/passwd", 1),
        lambda s: s.strike("nobody", "defaults"),
        lambda s: s.strike("OpenAI", "loses cash", math.inf),
        lambda s: s.set_speed(0.0),
        lambda s: s.set_speed(math.nan),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(session, act):
    made = session()
    before = until(made, lambda r: True)
    act(made)
    told = until(made, lambda r: r.message)
    assert told.plan == before.plan
    assert told.run == before.run
    made.step()
    assert until(made, lambda r: r.frame.month == 1).message == ""


def test_a_month_out_of_range_is_the_nearest(session):
    made = session(Plan(load(BASELINE), months=6))
    made.seek(10**9)
    until(made, lambda r: r.frame.month == 6)
    made.seek(-5)
    until(made, lambda r: r.frame.month == 0)


def test_of_many_months_asked_for_the_last_counts(session):
    made = session()
    until(made, lambda r: True)
    for month in range(90, 10, -1):
        made.seek(month)
    report = until(made, lambda r: r.frame.month == 11, timeout=20.0)
    assert report.reach <= 96


def test_of_steps_asked_for_at_once_each_counts_in_its_order(session, monkeypatch):
    made = session()
    until(made, lambda r: True)
    gone: list[int] = []
    go_to = made._go_to
    monkeypatch.setattr(made, "_go_to", lambda month: (gone.append(month), go_to(month)))
    held = threading.Event()
    made._send(lambda: held.wait(10.0))
    for months in (-5, *[1] * 20, *[-1] * 8):
        made.step(months)
    made.seek(0)
    for months in (1, 1, -1, 3):
        made.step(months)
    made.set_speed(5.0)
    made.seek(2)
    made.step()
    held.set()
    until(made, lambda r: r.frame.month == 3)
    assert gone == [4, 3], "only where they lead is run"


def test_a_month_with_failures_is_held_while_it_plays(session):
    plan = Plan(load(R6), central=True, months=14)
    made = session(plan)
    made.seek(9)
    until(made, lambda r: r.frame.month == 9)
    made.set_speed(20.0)
    made.play()
    report = until(made, lambda r: r.frame.month == 11)
    assert report.playing
    assert 0.0 < report.held <= 0.4
    assert until(made, lambda r: r.frame.month == 12).held == 0.0
    paused = session(plan)
    paused.seek(11)
    assert until(paused, lambda r: r.frame.month == 11).held == 0.0


def test_the_next_failure_is_found_and_the_line_of_time_marks_it(session):
    made = session(Plan(load(R6), central=True, months=20))
    made.strike("CoreWeave", "loses cash", 0.1)
    made.next_failure()
    report = until(made, lambda r: r.frame.month == 11 and r.story.failures)
    marks = marked(report, language("en"))
    assert list(marks) == [1, 10, 11]
    assert marks[10] == ("shock", "OpenAI loses cash, in this story; equity dilution changes, in this story")
    assert marks[1] == ("strike", "CoreWeave loses cash, by you")
    assert marks[11][0] == "failure"
    assert marks[11][1].startswith("OpenAI fails; OpenAI ")
    made.seek(20)
    until(made, lambda r: r.frame.month == 20)
    made.next_failure()
    assert "Nobody fails any more until August 2027" in until(made, lambda r: r.message).message


def test_a_blow_that_makes_nobody_fail_says_why_once(session):
    made = session(Plan(load(BASELINE), central=True))
    made.strike("OpenAI", "loses cash", 0.1, step=True)
    report = until(made, lambda r: r.frame.month == 1)
    assert report.message.startswith("Nobody fails this month of what you did to OpenAI: it has ")
    made.step()
    assert until(made, lambda r: r.frame.month == 2).message == ""
    made.strike("OpenAI", "defaults", step=True)
    assert until(made, lambda r: r.frame.month == 3).message == ""
    made.strike("OpenAI", "loses cash", 1.0)
    assert until(made, lambda r: r.message).message == "OpenAI has failed already: nothing can strike it any more"


def test_the_baseline_runs_beside_it_at_the_same_month(session):
    made = session(Plan(load(R6)))
    made.compare(True)
    made.seek(24)
    report = until(made, lambda r: r.frame.month == 24 and r.base_frame is not None)
    assert report.base_frame.month == 24
    base = open_economy(load(BASELINE), seed=1)
    base.run(24)
    np.testing.assert_array_equal(report.base_series["debt"][:24], base.rows("series")["debt"])
    made.seek(5)
    assert until(made, lambda r: r.frame.month == 5).base_frame.month == 5
    made.compare(False)
    until(made, lambda r: r.base_frame is None)


def test_the_books_of_a_watched_firm_follow_the_month(session):
    made = session()
    node = until(made, lambda r: True).nodes.names.index("CoreWeave")
    made.watch(node)
    made.seek(7)
    books = until(made, lambda r: r.books is not None and r.books.month == 7).books
    assert books.name == "CoreWeave"
    assert books.months.tolist() == list(range(8))
    assert books.history["cash"][-1] == pytest.approx(books.statement.balance_sheet.assets["cash"], rel=1e-6)
    made.watch(10**6)
    until(made, lambda r: r.books is None)


def test_a_report_cannot_be_changed(session):
    report = until(session(), lambda r: True)
    for array in (report.frame.size, report.frame.edges.amount, report.nodes.x, report.series["debt"]):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(AttributeError):
        report.frame = None


def test_two_sessions_are_two_economies(session):
    one, two = session(Plan(load(R6))), session(Plan(load(BASELINE), seed=9))
    one.seek(20)
    two.step()
    assert until(one, lambda r: r.frame.month == 20).plan.seed == 1
    assert until(two, lambda r: r.frame.month == 1).plan.seed == 9
    assert two.report.frame.month == 1


def test_stopping_ends_the_thread_even_while_it_runs():
    before = threading.active_count()
    made = Session(Plan(load(BASELINE), months=360))
    made.start()
    made.set_speed(math.inf)
    made.play()
    until(made, lambda r: r.frame.month > 3)
    made.stop()
    assert made.join(3.0)
    made.stop()
    assert threading.active_count() == before


def resident() -> float:
    """Memory of this process (MB)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's account of memory")
def test_memory_stays_over_five_thousand_months(session):
    made = session(Plan(load(BASELINE)))
    made.set_speed(math.inf)

    def play_through() -> None:
        made.seek(0)
        until(made, lambda r: r.frame.month == 0)
        made.play()
        until(made, lambda r: r.frame.month == 96 and not r.playing)

    for _ in range(5):
        play_through()
    first = resident()
    for _ in range(52):
        play_through()
    assert resident() - first < 30.0


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's account of memory")
def test_thirty_sessions_leave_no_thread_and_no_memory():
    def visit() -> None:
        made = Session(Plan(load(R6)))
        made.start()
        made.seek(12)
        until(made, lambda r: r.frame.month == 12)
        made.stop()
        assert made.join(5.0)

    for _ in range(5):
        visit()
    threads, first = threading.active_count(), resident()
    for _ in range(30):
        visit()
    assert threading.active_count() == threads
    assert resident() - first < 30.0
