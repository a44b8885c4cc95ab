"""The table of what is forecast: that of the model, and mistakes in one."""

import csv
import math
import shutil

import pytest

from abm.calibration.files import opening_folder
from abm.errors import BadInput
from experiments import hindcast
from experiments.forecasts.errors import HALF_WAY, MOST, opening_before, track_records
from experiments.forecasts.quantities import COLUMNS, QUANTITIES, read_quantities

OPENING = "2025-12-31"


@pytest.fixture
def own(tmp_path):
    """An opening of one's own with the model's quantities, and a way to change a cell."""
    folder = tmp_path / "mine"
    shutil.copytree(opening_folder(OPENING), folder)
    for table in opening_folder(OPENING).parent.joinpath("common").glob("*.csv"):
        if not (folder / table.name).exists():
            shutil.copy(table, folder)

    def changed(quantity, column, text):
        rows = list(csv.DictReader((folder / QUANTITIES).read_text().splitlines()))
        next(row for row in rows if row["quantity"] == quantity)[column] = text
        with (folder / QUANTITIES).open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return folder

    return changed


def test_at_least_sixty_quantities_are_forecast_each_with_a_unit_and_words():
    found = read_quantities(OPENING)
    assert len(found) >= 60
    assert all(quantity.what and quantity.unit for quantity in found)
    assert {quantity.kind for quantity in found} == {"level", "flow", "change", "chance"}


def test_what_was_last_reported_is_known_where_the_model_is_joined_to_it():
    for quantity in read_quantities(OPENING):
        assert math.isfinite(quantity.last) == bool(quantity.join), quantity.name
        if quantity.join:
            assert quantity.last > 0.0


def test_every_reading_that_tests_a_quantity_is_in_the_hindcast():
    known = {target.id for target in hindcast.read_question(opening_before(OPENING)).targets}
    for quantity in read_quantities(OPENING):
        assert {*quantity.tested, *quantity.kin} <= known, quantity.name


@pytest.mark.parametrize(
    ("quantity", "column", "text", "said"),
    [
        ("OpenAI cash", "kind", "stock", "column kind: one of level, flow, change, chance"),
        ("OpenAI cash", "firms", "Open AI", "column firms: there is no firm, kind or class of lender 'Open AI'"),
        ("OpenAI cash", "value", "cash + G1-001", "column value: a formula over columns"),
        ("OpenAI cash", "value", "money", "column value: a formula over columns"),
        ("OpenAI cash", "join", "first", "column join: one of , scale, add, not 'first'"),
        ("OpenAI cash", "size", "revenue", "column size: only errors of the scale 'linear'"),
        ("OpenAI revenue", "scale", "rise", "column scale: one of log, linear, not 'rise'"),
        ("OpenAI revenue", "quarter_ends", "4", "column quarter_ends: one of 1, 2, 3, not '4'"),
        ("Oracle backlog", "last", "X9-999", "columns last and rest_growth"),
        ("Oracle backlog", "rest_growth", "", "columns last and rest_growth"),
        ("Oracle backlog", "quantity", "", "a quantity has no name"),
        ("Oracle backlog", "quantity", "Oracle debt", "'Oracle debt' stands twice"),
    ],
)
def test_a_mistake_is_named_by_row_and_column(own, quantity, column, text, said):
    with pytest.raises(BadInput) as caught:
        read_quantities(own(quantity, column, text))
    assert said in str(caught.value)


def test_an_opening_that_forecasts_nothing_says_so():
    with pytest.raises(BadInput, match="nothing is forecast from it"):
        read_quantities("2024-12-31")
    with pytest.raises(BadInput, match="no opening before 2024-12-31 has targets"):
        opening_before("2024-12-31")


def scored(name, outcome, median, months=12, transform="log", crps=1.0, rival=2.0):
    target = hindcast.Target(
        name, name, "part", name, "bn", outcome, 2025.5, (), "x", "sum", (1, months), None, transform, None, (), "",
    )  # fmt: skip
    return hindcast.Scored(target, median, (0.0, 0.0), (0.0, 0.0), crps, 0.0, 0.5, None, rival, None, math.inf)


def quantity_like(name, tested=(), kin=(), kind="level"):
    base = next(q for q in read_quantities(OPENING) if q.name == "OpenAI cash")
    return type(base)(**{**vars(base), "name": name, "tested": tested, "kin": kin, "kind": kind})


def test_errors_of_a_year_are_drawn_half_way_to_the_usual_one():
    verdict = hindcast.Verdict(
        None,
        (
            scored("a", 2.0, 1.0), scored("b", 1.0, math.exp(-0.1), months=3),
            scored("c", -1.0, -3.0, transform="linear"), scored("far", 900.0, 1.0),
            scored("none", 0.0, 0.0, transform="linear", crps=0.0, rival=0.0),
        ),
    )  # fmt: skip
    asked = [
        quantity_like("a", ("a",)), quantity_like("b", kin=("b",)), quantity_like("c", ("c",)),
        quantity_like("far", ("far",)), quantity_like("none", ("none",)), quantity_like("d", kind="chance"),
    ]  # fmt: skip
    found = track_records(asked, verdict)
    raw = [math.log(2.0), 0.2, 1.0, MOST]  # a tenth in a quarter of a year is a fifth in a year
    usual = (math.log(2.0) + 1.0) / 2.0
    for ours, error in zip(found, raw, strict=False):
        assert ours.error == pytest.approx(usual + HALF_WAY * (error - usual))
    assert found[4].error == pytest.approx(usual)
    assert found[5].error == 0.0
    assert [x.told for x in found[:2]] == ["0.50", "not tested"]
    verdict = hindcast.Verdict(None, (scored("a", 2.0, 1.0, crps=3.0),))
    assert track_records(asked[:1], verdict)[0].told == "no skill"
    with pytest.raises(BadInput, match="quantity 'b' is tested by 'b', which the hindcast does not have"):
        track_records(asked, verdict)
