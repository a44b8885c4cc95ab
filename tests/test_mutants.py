"""Wrong versions of rules are noticed by the tests of rules: some of them here, all by `python -m tests.mutants`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mutants import KINDS, ROOT, Court, Verdict, chosen, main, read, report

FILES = sorted(Path(__file__).parent.rglob("mutants*.toml"))
MUTANT = {"rule": "exposure", "was": "total += loan.principal", "now": "total -= loan.principal", "kind": "sign"}


def written(folder: Path, *mutants: dict[str, str]) -> Path:
    path = folder / "mutants.toml"
    path.write_text("".join("[[mutant]]\n" + "".join(f"{k} = {v!r}\n" for k, v in m.items()) for m in mutants))
    return path


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.mutants", *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_a_mutant_is_found_by_the_name_of_its_function(tmp_path):
    (mutant,), complaints = read([written(tmp_path, MUTANT, MUTANT)])
    assert complaints == []
    assert mutant.name == "exposure"
    assert mutant.path.read_text().splitlines()[mutant.line - 1].strip() == MUTANT["was"]
    (other,), _ = read([written(tmp_path, MUTANT | {"rule": f"{mutant.path.stem}.exposure"})])
    assert (other.path, other.name, other.line) == (mutant.path, mutant.name, mutant.line)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rule": "exposures"}, "has no such function"),
        ({"rule": "__init__", "was": "self"}, "functions of this name"),
        ({"was": "loan."}, "occurs 4 times in the function"),
        ({"was": "total *= loan.principal"}, "occurs 0 times in the function"),
        ({"was": ""}, "'rule' and 'was' must be given"),
        ({"now": "total -= loan.principal)"}, "does not compile"),
        ({"now": "total +=  loan.principal"}, "is the same code"),
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
    """One that is caught, one that never ends, one that changes nothing, one that changes nothing but was said to."""
    path = written(
        tmp_path,
        MUTANT,
        MUTANT | {"was": "return total", "now": "while total: pass", "kind": "bound"},
        MUTANT | {"was": "total = 0.0", "now": "total = -0.0", "kind": "term"},
        MUTANT | {"was": "loan.lender == lender", "now": "lender == loan.lender", "equivalent": "the other way round"},
        MUTANT | {"was": "range(state.", "now": "range(-1 + state.", "equivalent": "a lie"},
    )
    done = run(path, "--tests", "tests/markets/test_credit.py")
    assert done.returncode == 1, done.stderr
    judged = {line.split(": ", 2)[-1].split(" becomes")[0]: line for line in done.stdout.splitlines() if " s  " in line}
    words = {was.strip("'"): line.split()[0] for was, line in judged.items()}
    assert words == {
        "total += loan.principal": "caught",
        "return total": "caught",
        "total = 0.0": "MISSED",
        "loan.lender == lender": "same",
        "range(state.": "caught",
    }
    assert "assert" in judged["'total += loan.principal'"]
    assert "hangs" in judged["'return total'"]
    assert "2 of 3 mutants caught (66.7%)" in done.stdout
    missed, _, lies = done.stdout.partition("\nmissed:\n")[2].partition("\nsaid to change nothing, but caught:\n")
    assert [line.split(": ")[1:3] for line in missed.strip().splitlines()] == [
        ["exposure", "'total = 0.0' becomes 'total = -0.0' (term)"]
    ]
    assert "range(state." in lies


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
    done = run("--sample", 40)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_mutants_of_every_kind_and_samples_are_fixed():
    mutants, complaints = read(FILES)
    assert complaints == []
    assert sum(not m.equivalent for m in mutants) >= 80
    assert {m.kind for m in mutants} == set(KINDS)
    sample = chosen(mutants, None, 40)
    assert sample == chosen(mutants[::-1], None, 40)
    assert len(set(sample)) == 40
    assert not any(m.equivalent for m in sample)
