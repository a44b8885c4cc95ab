"""Claims of a study: what they may say, and the share of worlds in which they hold, by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from abm.errors import BadInput
from experiments.analysis.claims import Claim, weigh
from experiments.report.findings import find
from experiments.report.html import claim_sentences, html
from experiments.report.view import View
from experiments.runner import sweep
from experiments.study import Study, load, to_toml

POINTS = pd.DataFrame({"x": [1.0, 1.0, 2.0, 2.0], "story": ["calm", "storm"] * 2})
# Ten worlds. At x = 2 the outcome is higher in seven, lower in one, the same in one, and missing in the last.
CALM = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 8, np.nan])
GAIN = np.array([1.0, 1, 1, 1, 1, 1, 2, -1, 0, 1])
TABLES = {"lost": np.array([CALM, CALM + 10.0, CALM + GAIN, CALM + GAIN + 10.0])}
STRENGTH = {"x": np.array([3.0, 1.0]), "story": np.array([1.0, 1.0])}
AT, THAN = {"x": 2.0}, {"x": 1.0}


def weighed(claim: Claim, paired: bool = True):
    return weigh(claim, POINTS, TABLES, lambda outcome: STRENGTH, paired=paired)


def claim(says: str = "More is lost.", **given) -> Claim:
    return Claim.model_validate({"says": says, "outcome": "lost", **given})


def test_a_comparison_is_put_to_every_world():
    w = weighed(claim(**{"is": "higher"}, at=AT, than=THAN))
    assert (w.worlds, w.missing) == (9, 1)
    assert w.share.value == pytest.approx(7 / 9)
    assert (w.same, w.other) == (pytest.approx(1 / 9), pytest.approx(1 / 9))
    assert w.share.low < 7 / 9 < w.share.high
    assert w.size.value == pytest.approx(GAIN[:9].mean())
    assert w.verdict == "uncertain"


def test_nine_worlds_in_ten_make_a_finding_and_its_contrary_is_told():
    storm = {"story": "storm"}
    assert weighed(claim(**{"is": "higher"}, at=storm, than={"story": "calm"})).verdict == "holds"
    assert weighed(claim(**{"is": "lower"}, at=storm, than={"story": "calm"})).verdict == "does not hold"
    assert weighed(claim(**{"is": "the same"}, at=storm, than={"story": "calm"})).verdict == "does not hold"
    assert weighed(claim(**{"is": "the same"}, at=storm, than={"story": "calm"}, by=10.0)).verdict == "holds"


def test_a_difference_that_does_not_count_is_none():
    w = weighed(claim(**{"is": "higher"}, at=AT, than=THAN, by=1.0))
    assert w.share.value == pytest.approx(1 / 9)
    assert w.same == pytest.approx(8 / 9)


def test_what_is_not_fixed_is_averaged_in_its_world():
    w = weighed(claim(**{"is": "> 5"}, at={"story": "calm"}))  # means over x: CALM + GAIN / 2
    assert w.share.value == pytest.approx((CALM + GAIN / 2.0 > 5.0)[:9].mean())
    assert w.size.value == pytest.approx((CALM + GAIN / 2.0)[:9].mean())
    assert weighed(claim(**{"is": ">= 0"}, at={"x": ">= 1.5"})).worlds == 9


def test_a_world_that_lacks_a_run_of_a_side_is_left_out_and_counted():
    """The mean of the runs that are there would be of other points: here it would be lower by half the distance."""
    table = np.array([[0.0, 0.0, 0.0], [10.0, 10.0, np.nan], [1.0, 1.0, 1.0], [11.0, 11.0, 11.0]])
    told = claim(**{"is": "higher"}, at=THAN, than=AT)
    w = weigh(told, POINTS, {"lost": table}, dict, paired=True)
    assert (w.worlds, w.missing, w.share.value, w.size.value) == (2, 1, 0.0, -1.0)


def test_an_outcome_is_compared_with_another_of_the_same_world():
    tables = TABLES | {"won": np.full((4, 10), 3.5)}
    told = claim(**{"is": "higher"}, at={"x": 1.0, "story": "calm"}, than={"outcome": "won", "x": 1.0})
    w = weigh(told, POINTS, tables, dict, paired=True)
    assert w.share.value == pytest.approx(5 / 9)


def test_factors_are_compared_by_their_strength():
    w = weighed(claim(**{"is": "higher"}, factor="x", than={"factor": "story"}))
    assert (w.worlds, w.share.value, w.same) == (2, 0.5, 0.5)
    with pytest.raises(BadInput, match="ranks 'policy', which the design does not sample"):
        weighed(claim(**{"is": "higher"}, factor="x", than={"factor": "policy"}))


def test_runs_that_share_no_world_are_not_compared():
    with pytest.raises(BadInput, match="share no world"):
        weighed(claim(**{"is": "higher"}, at=AT, than=THAN), paired=False)
    assert weighed(claim(**{"is": "> 5"}), paired=False).worlds == 36


def test_a_claim_without_a_world_cannot_be_told():
    nothing = {"lost": np.full((4, 2), np.nan)}
    assert weigh(claim(**{"is": "> 5"}), POINTS, nothing, dict, paired=True).verdict == "cannot be told"


@pytest.mark.parametrize(
    "words",
    ["It costs 5 bn.", "Two firms fail.", "It is halved.", "A third fails", "Losses double, by 3.5", "{at.x", " "],
)
def test_the_words_of_a_claim_hold_no_number(words):
    with pytest.raises(ValidationError):
        claim(words, **{"is": "> 5"})


def test_rounding_is_no_difference():
    points = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0]})
    told = claim(**{"is": "higher"}, at={"x": ">= 3"}, than={"x": "< 3"})
    assert weigh(told, points, {"lost": np.full((5, 4), 0.1)}, dict, paired=True).same == 1.0


def test_values_and_names_with_digits_are_no_numbers():
    assert claim("At {at.x} H100s cost less than at {than.x}.", **{"is": "lower"}, at=AT, than=THAN).text == (
        "At 2 H100s cost less than at 1."
    )


FACTORS = {"x": (1.0, 2.0), "story": ("calm", "storm"), "free": None}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"outcome": "loses", "is": "> 5"}, "there is no outcome 'loses'; did you mean 'lost'"),
        ({"is": "more"}, "claims.is must be a sign and a number"),
        ({"is": "> 5", "than": {"x": 1.0}}, "'higher', 'lower' or 'the same' beside 'than'"),
        ({"is": "higher", "at": {"y": 1.0}, "than": {"x": 1.0}}, "there is no factor 'y'"),
        ({"is": "higher", "at": {"x": 3.0}, "than": {"x": 1.0}}, "no value of 'x' '3"),
        ({"is": "higher", "at": {"story": ">= 1"}, "than": {"x": 1.0}}, "no value of 'story'"),
        ({"is": "higher", "at": {"free": 1.0}, "than": {"x": 1.0}}, "is a range here, and needs a bound"),
        ({"is": "higher", "than": {"outcome": "won"}}, "there is no outcome 'won'"),
        ({"is": "higher", "factor": "x", "than": {"x": 1.0}}, "goes with 'than.factor' and nothing else"),
        ({"says": "With {at.x}.", "is": "higher", "factor": "x", "than": {"factor": "story"}}, "has no value, as 'at'"),
        ({"is": "higher", "factor": "y", "than": {"factor": "x"}}, "there is no factor 'y'"),
        ({"says": "At {at.x} more is lost.", "is": "> 5"}, "has no value, as 'at' does not name 'x'"),
    ],
)
def test_a_mistake_in_a_claim_is_a_sentence(given, sentence):
    made = Claim.model_validate({"says": "More is lost.", "outcome": "lost", **given})
    with pytest.raises(BadInput, match=sentence.replace("(", r"\(")):
        made.check(FACTORS, ["lost"])


STUDY = """
model = "f.py:f"
replicates = 4
outcomes = ["lost", "kept"]

[factors]
x = [1, 2]

[[claims]]
says = "More is lost at {at.x} than at {than.x}."
outcome = "lost"
is = "higher"
at = { x = 2 }
than = { x = 1 }

[[claims]]
says = "Something is kept."
outcome = "kept"
is = "> 100"
"""
FUNCTION = "def f(settings, seed):\n    return {'lost': settings['x'] * seed, 'kept': 1.0 / seed}\n"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "f.py").write_text(FUNCTION)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def test_the_report_says_in_what_share_of_worlds_a_claim_holds(study: Path):
    results = sweep(load(study), study.parent / "out", workers=1)
    view = View(results)
    told = claim_sentences(view, find(view))
    assert told["holds"] == [
        "More is lost at 2 than at 1: mean difference 2.50 [0.45, 4.55]; holds in 100 % [51, 100] of 4 worlds."
    ]
    assert told["does not hold"][0].startswith("Something is kept: mean 0.52")
    page = html(view, find(view))
    assert page.index("What it says") < page.index("More is lost at 2 than at 1:") < page.index("At a glance")


def test_claims_can_change_without_a_run_and_are_named_by_their_line(study: Path):
    first = load(study)
    study.write_text(STUDY.replace("Something is kept.", "Nothing is kept."))
    assert load(study).identity() == first.identity()
    study.write_text(STUDY.replace('outcome = "kept"', 'outcome = "keep"'))
    with pytest.raises(BadInput, match=r"study.toml, line 16: claims.outcome: there is no outcome 'keep'"):
        load(study)


def test_a_study_with_claims_is_written_and_read_again(study: Path):
    told = load(study)
    (study.parent / "again.toml").write_text(to_toml(Study.model_validate(told.model_dump(by_alias=True))))
    assert load(study.parent / "again.toml").claims == told.claims
