"""The brief: every sentence is made of numbers, every number has an interval and a command that makes it again."""

import csv
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from abm.calibration.opening import opening_tables
from abm.errors import BadInput
from abm.inputs.scenarios import load
from experiments.brief import page
from experiments.brief.numbers import Numbers, Told, tail
from experiments.brief.studies import (
    BACKWARDS,
    BASELINE,
    EFFICIENCY,
    FASTER,
    MET,
    SOON,
    USUAL,
    asked,
    outcomes,
    points,
    studies,
)
from experiments.cli import main

BOOKS = opening_tables()
STORY = "r6_customer_concentration"
LEVERS = ("none", BACKWARDS, MET, "short contracts", USUAL, FASTER)


def told(name: str, shift: float = 0.0, fails: dict[int, list[str]] | None = None) -> Told:
    """Ten worlds whose outcomes are 0 to 9 and `shift` more; who fails in which of them, one after the other."""
    rows = [
        (world, 12 * (k + 1), 1, firm, None if k == 0 else "customer")
        for world, firms in (fails or {}).items()
        for k, firm in enumerate(firms)
    ]
    failed = pd.DataFrame(rows, columns=["world", "month", "stage", "firm", "channel"])
    return Told(name, f"run {name}", {of: np.arange(10.0) + shift for of in outcomes(BOOKS)}, failed)


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    stories = {
        BASELINE: told(BASELINE, fails={0: ["OpenAI"], 1: ["CoreWeave", "OpenAI"]}),
        STORY: told(STORY, 1.0, {k: ["OpenAI", "CoreWeave"] for k in range(9)}),
    }
    levers = {name: told(name, -0.5 * k) for k, name in enumerate(LEVERS)}
    return Numbers(stories, levers, BOOKS)


def test_numbers_are_those_of_the_worlds(numbers: Numbers) -> None:
    assert numbers["baseline.any_fails"].value == 0.2
    assert numbers["baseline.fails.OpenAI"].value == 0.2
    assert numbers["baseline.fails.CoreWeave"].value == 0.1
    assert numbers["baseline.first_month"].value == 12.0
    assert numbers[f"{STORY}.first.OpenAI"].value == 1.0
    assert numbers[f"{STORY}.first.OpenAI"].worlds == 9
    assert numbers[f"{STORY}.through.customer"].value == 0.9
    assert numbers[f"{STORY}.brought"].value == 0.9
    assert numbers["baseline.losses"].value == 4.5
    assert numbers["baseline.losses.tail"].value == 9.0
    assert numbers[f"{STORY}.losses.more"].value == 1.0
    assert numbers[f"{STORY}.failures.higher"].value == 1.0
    assert numbers[f"{FASTER}.invested.more"].value == -0.5  # against the usual pace, not against no lever
    assert numbers["short contracts.invested.more"].value == -1.5
    assert numbers["opening.carried"].value == pytest.approx(96.0, abs=0.5)
    assert tail(np.arange(100.0)) == 97.0
    for number in numbers.by_id.values():
        if number.worlds and number.value == number.value:
            assert number.low <= number.value <= number.high


def test_a_world_that_lacks_the_agreement_of_nine_in_ten_is_uncertain(numbers: Numbers) -> None:
    assert page.verdict(numbers, f"{STORY}.failures", "more", "fewer").startswith("more in 100 %")
    assert page.verdict(numbers, f"{MET}.failures", "more", "fewer").startswith("fewer in 100 %")
    stories = {BASELINE: told(BASELINE), "x": told("x")}
    stories["x"].outcomes["failures"][:8] += 1.0
    some = Numbers(stories, {"none": told("none")}, BOOKS)
    assert page.verdict(some, "x.failures", "more", "fewer").startswith("uncertain: more in 80 %")


def test_no_number_is_typed_into_a_sentence() -> None:
    texts = [page.AS_THINGS_ARE, page.OF_THE_DATE, *page.READ_OFF.strip().splitlines()]
    for text in texts:
        plain = page.PLACE.sub("", re.sub(r"^[IT]\d \| ", "", text))
        assert not re.search(r"\d", plain), text
    assert SOON == 24  # "two years on"
    assert EFFICIENCY[FASTER] == 2.0 * EFFICIENCY[USUAL]  # "twice as fast"


def test_the_page_has_every_point_and_every_number_and_loads_nothing(numbers: Numbers) -> None:
    html = page.html(numbers, BOOKS, [load(STORY)], "invisible-debt brief")
    for point in points().values():
        assert f"<td>{point.id}</td>" in html
        assert page.escape(point.name) in html
    for number in numbers.by_id.values():
        assert page.escape(number.id) in html
    assert not re.search(r'(src|href)="(?!data:|#)', html)
    for said in ("More firms fail than as things are, in nearly every world, where: R6", "96", "OpenAI is the first"):
        assert said in html


def test_stories_are_those_asked_for_risks_first() -> None:
    assert [name[:2] for name in asked([])] == [*(f"r{k}" for k in range(1, 7)), *(f"h{k}" for k in range(1, 5))]
    assert asked(["h1_new_uses", "baseline", "subprime", "h1_new_uses"]) == ("subprime", "h1_new_uses")
    with pytest.raises(BadInput, match="scenario 'r6_customer'"):
        asked(["r6_customer"])


def test_levers_are_those_of_the_ready_study_in_the_worlds_of_the_stories() -> None:
    made = studies([STORY], BOOKS, opened=BOOKS.name, seeds=30, seed=5, months=24)
    assert {BACKWARDS, MET, USUAL, FASTER} < set(made["levers"].policies)
    assert made["levers"].scenario == STORY
    assert {(study.replicates, study.seed, study.paired) for study in made.values()} == {(30, 5, True)}


def test_a_number_is_made_again_by_its_command(tmp_path: Path) -> None:
    words = ["brief", STORY, "--seeds", "20", "--months", "24", "--out", str(tmp_path / "x")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    with (tmp_path / "x" / "numbers.csv").open(encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    row = rows[f"{STORY}.fails.OpenAI"]
    command = [*shlex.split(row["command"])[1:], "--out", str(tmp_path / "y"), "--json"]
    again = json.loads(CliRunner().invoke(main, command).stdout)
    (found,) = [firm for firm in again["fails"] if firm["name"] == "OpenAI"]
    assert found["share"]["value"] == float(row["value"]) > 0.0
    before = (tmp_path / "x" / "brief.html").read_bytes()
    assert CliRunner().invoke(main, words).exit_code == 0  # nothing is run again
    assert (tmp_path / "x" / "brief.html").read_bytes() == before
