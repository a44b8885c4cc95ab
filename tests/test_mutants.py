"""Wrong versions of rules are noticed by the tests of rules: some of them here, all by `python -m tests.mutants`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mutants import KINDS, ROOT, Court, Verdict, chosen, main, read, report

FILES = sorted(Path(__file__).parent.rglob("mutants*.toml"))
SAMPLE = 25
TESTS = "tests/instruments/test_annuity.py"
MUTANT = {"rule": "annuity", "was": "rate / 12.0", "now": "rate * 12.0", "kind": "term"}


def written(folder: Path, *mutants: dict[str, str]) -> Path:
    path = folder / "mutants.toml"
    lines = [line for m in mutants for line in ("[[mutant]]", *(f"{k} = {json.dumps(v)}" for k, v in m.items()))]
    path.write_text("\n".join(lines))
    return path


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.mutants", *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_a_mutant_is_found_by_the_name_of_its_function(tmp_path):
    (mutant,), complaints = read([written(tmp_path, MUTANT, MUTANT)])
    assert complaints == []
    assert mutant.name == "annuity"
    assert MUTANT["was"] in mutant.path.read_text().splitlines()[mutant.line - 1]
    (other,), _ = read([written(tmp_path, MUTANT | {"rule": f"{mutant.path.stem}.annuity"})])
    assert (other.path, other.name, other.line) == (mutant.path, mutant.name, mutant.line)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rule": "annuities"}, "has no such function"),
        ({"rule": "__init__", "was": "self"}, "functions of this name"),
        ({"was": "return"}, "occurs 2 times in the function"),
        ({"was": "rate / 12.5"}, "occurs 0 times in the function"),
        ({"was": ""}, "'rule' and 'was' must be given"),
        ({"now": "(rate / 12.0"}, "does not compile"),
        ({"now": "(rate  / 12.0)"}, "is the same code"),
        ({"kind": "typo"}, "'kind' must be one of sign"),
        ({"because": "of that"}, "unknown field because"),
    ],
)
def test_a_mutant_that_cannot_be_judged_is_named(change, complaint, tmp_path):
    mutant = MUTANT | change
    path = written(tmp_path, mutant, MUTANT)
    (right,), (told,) = read([path])
    assert right.now == MUTANT["now"]
    for said in (complaint, repr(mutant["rule"]), repr(mutant["was"]), str(path)):
        assert said in told
    assert main(["--list", str(path)]) == 2


def test_the_runner_tells_caught_from_missed(tmp_path):
    """Two that are caught, one that never ends, one that changes nothing, and two that are said to, one wrongly."""
    path = written(
        tmp_path,
        MUTANT,
        MUTANT | {"was": "return 1.0 / months", "now": "return D_TENDER / months"},  # which the module does not import
        MUTANT | {"was": "if r < 1e-9", "now": "while r >= 0.0: pass\n    if r < 1e-9", "kind": "bound"},
        MUTANT | {"was": "1e-9", "now": "2e-9", "kind": "bound"},
        MUTANT | {"was": "-months * math.log(1.0 + r)", "now": "math.log(1.0 + r) * -months", "equivalent": "turned"},
        MUTANT | {"was": "r / (1.0", "now": "r / (2.0", "equivalent": "a lie"},
    )
    done = run(path, "--tests", TESTS)
    assert done.returncode == 1, done.stderr
    judged = {}
    for line in done.stdout.splitlines():
        if " s  " in line:
            was = line.partition(": annuity: '")[2].partition("' becomes ")[0]
            judged[was] = line.split()[0], line.partition("): ")[2]
    assert {was: word for was, (word, _) in judged.items()} == {
        "rate / 12.0": "caught",
        "return 1.0 / months": "caught",
        "if r < 1e-9": "caught",
        "1e-9": "MISSED",
        "-months * math.log(1.0 + r)": "same",
        "r / (1.0": "caught",
    }
    assert TESTS in judged["rate / 12.0"][1]
    assert "NameError" not in judged["return 1.0 / months"][1]
    assert "hangs" in judged["if r < 1e-9"][1]
    assert "3 of 4 mutants caught (75.0%)" in done.stdout
    missed, _, lies = done.stdout.partition("\nmissed:\n")[2].partition("\nsaid to change nothing, but caught:\n")
    assert [line.split(": ", 1)[1] for line in missed.strip().splitlines()] == [
        "annuity: '1e-9' becomes '2e-9' (bound)"
    ]
    assert "'r / (1.0' becomes 'r / (2.0'" in lies


def test_the_exit_code_says_whether_enough_is_caught(tmp_path, capsys):
    (mutant,), _ = read([written(tmp_path, MUTANT)])
    caught, missed = Verdict(mutant, "test_x", "assert 1 == 2", 0.1), Verdict(mutant, None, "", 0.1)
    wrong_name = Verdict(mutant, "test_x", "NameError: name 'f' is not defined", 0.1)
    for verdicts, code, said in [
        ([caught] * 20, 0, "20 of 20 mutants caught (100.0%)"),
        ([caught] * 19 + [missed], 0, f"missed:\n  {mutant}"),
        ([caught] * 18 + [missed] * 2, 1, "18 of 20 mutants caught (90.0%)"),
        ([caught] * 20 + [wrong_name], 2, "do not run: an error of the mutant"),
    ]:
        court = Court([], 1, None)
        court.verdicts = verdicts
        assert report(court, 1.0) == code
        assert said in capsys.readouterr().out
    court.broken.append("on the true rules test_x fails")
    assert report(court, 1.0) == 2


def test_a_sample_is_caught():
    done = run("--sample", SAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_mutants_of_every_kind_and_samples_are_fixed():
    mutants, complaints = read(FILES)
    assert complaints == []
    assert sum(not m.equivalent for m in mutants) >= 80
    assert {m.kind for m in mutants} == set(KINDS)
    sample = chosen(mutants, None, SAMPLE)
    assert sample == chosen(mutants[::-1], None, SAMPLE)
    assert len(set(sample)) == SAMPLE
    assert not any(m.equivalent for m in sample)
