"""The command line: what it prints, its exit codes, and that nothing is left half-written."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from program import PROGRAM, started
from typer.testing import CliRunner, Result

from abm import open_economy
from abm.accounts import statement
from abm.calibration.worlds import COMMON_DOUBTS, doubts_of, world
from abm.inputs.priors import LEVERS, PRIORS
from experiments.cli import LISTED, main
from experiments.commands.inspect import show_firm
from experiments.screen import Screen

runner = CliRunner()
COMPLETE = {"aggregates", "firms", "contracts", "loans", "defaults", "events", "flows"}
FILES = {*(f"{name}.parquet" for name in COMPLETE), "figure.png", "manifest.json"}


def call(*words: object) -> Result:
    return runner.invoke(main, [str(word) for word in words], prog_name="invisible-debt")


def refused(*words: object) -> str:
    """The sentence with which a wrong call ends."""
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of a year."""
    out = tmp_path_factory.mktemp("runs") / "year"
    result = call("run", "--months", 12, "--out", out)
    assert result.exit_code == 0, result.output
    return out


HEAVY = ("numpy", "numba", "scipy", "matplotlib", "pyarrow", "pandas", "mesa", "networkx", "distributed")


def loading(*words: object) -> tuple[str, set[str]]:
    """What the program prints, and which of the heavy packages it has loaded at its end."""
    program = (
        "import sys\n"
        "from experiments.cli import main\n"
        "try: main(sys.argv[1:])\n"
        f"finally: print('LOADED', *({{*{HEAVY}, 'scipy.sparse', 'rich.progress'}} & set(sys.modules)))\n"
    )
    told = [sys.executable, "-c", program, *map(str, words)]
    done = subprocess.run(told, capture_output=True, text=True, check=True)
    said, _, loaded = done.stdout.rpartition("LOADED")
    return said, set(loaded.split())


def test_help_names_every_command_and_loads_no_heavy_package() -> None:
    said, loaded = loading("--help")
    for name in LISTED:
        assert f" {name} " in said
    assert loaded == set()
    assert loading("--version")[1] == set()


def test_what_needs_no_economy_loads_no_compiler() -> None:
    for words in (("run", "--help"), ("parameters",), ("parameters", "gpu_cadence", "--json"), ("report", "--help")):
        assert loading(*words)[1] <= {"numpy"}, words


def test_a_run_loads_what_it_writes_with_and_no_more(tmp_path: Path) -> None:
    assert loading("run", "--months", 1, "--out", tmp_path / "one")[1] == {
        "numpy", "numba", "matplotlib", "pyarrow", "scipy",  # the top of scipy and its BLAS: Numba looks for them
    }  # fmt: skip


@pytest.mark.parametrize("name", LISTED)
def test_every_command_explains_itself_in_the_words_of_the_list(name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert LISTED[name][1].rstrip(".") in said


def test_without_a_command_it_prints_the_help() -> None:
    result = call()
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_completion_offers_commands_scenarios_and_parameters() -> None:
    for words, offered in [
        ("r", "run"),
        ("run r2", "r2_obsolescence"),
        ("run --set demand_el", "demand_elasticity="),
    ]:
        environment = {
            **os.environ,
            "_INVISIBLE_DEBT_COMPLETE": "complete_bash",
            "COMP_WORDS": f"invisible-debt {words}",
            "COMP_CWORD": str(len(words.split())),
        }
        program = "from experiments.cli import main; main(prog_name='invisible-debt')"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=environment
        )
        assert offered in done.stdout.split(), done.stderr


def test_run_writes_the_files_and_tells_the_story(finished: Path, tmp_path: Path) -> None:
    assert {path.name for path in finished.iterdir()} == FILES
    result = call("run", "--months", 12, "--out", tmp_path / "again")
    assert "2026" in result.stdout
    assert "failed" in result.stdout
    assert "Traceback" not in result.output
    for name in FILES:  # the same call, the same bytes
        assert (tmp_path / "again" / name).read_bytes() == (finished / name).read_bytes(), name


def test_run_as_json_is_json(tmp_path: Path) -> None:
    result = call("run", "r6_customer_concentration", "--months", 24, "--out", tmp_path / "x", "--json")
    told = json.loads(result.stdout)
    assert told["manifest"]["scenario"]["name"] == "r6_customer_concentration"
    assert told["folder"] == str(tmp_path / "x")
    assert [row["year"] for row in told["years"]] == [2026, 2027]
    assert {failure["firm"] for failure in told["failures"]} == set(
        pq.read_table(tmp_path / "x" / "defaults.parquet")["firm"].to_pylist()
    )


def test_the_default_folder_is_named_by_scenario_and_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("run", "--months", 1, "--seed", 7).exit_code == 0
    assert (tmp_path / "results" / "baseline-1months-seed7" / "manifest.json").is_file()
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == ["baseline-1months-seed7"]


def test_a_run_says_its_world_and_a_central_one_has_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    drawn, central = (" ".join(call("run", "--months", 1, *words).stdout.split()) for words in ([], ["--central"]))
    assert "World 1: parameters and opening drawn by the seed; --central takes the middle of every range." in drawn
    assert "Central: parameters and opening at the middle of every range" in central
    told = {}
    for name in ("baseline-1months-seed1", "baseline-1months-seed1-central"):
        told[name] = json.loads((tmp_path / "results" / name / "manifest.json").read_text())
    assert len(list((tmp_path / "results").iterdir())) == 2
    one, other = told.values()
    assert one["world"]["seed"] == 1
    assert other["world"] is None
    assert one["result_hash"] != other["result_hash"]
    assert "(other world)" in refused("run", "--months", 1, "--out", "results/baseline-1months-seed1-central")


@pytest.mark.parametrize("words", [["systemic", "--top", "2"], ["stress", "Lambda", "--months", "2"]])
def test_who_matters_and_who_falls_are_asked_in_a_world(words: list[str]) -> None:
    drawn, central = (json.loads(call(*words, *more, "--json").stdout) for more in ([], ["--central"]))
    assert (drawn.pop("central"), central.pop("central")) == (False, True)
    assert drawn != central
    assert "World 3: parameters and opening drawn" in " ".join(call(*words, "--seed", 3).stdout.split())


def test_the_books_of_a_firm_are_those_of_the_world() -> None:
    central = call("inspect", "CoreWeave", "--central").stdout
    assert central != call("inspect", "CoreWeave").stdout
    assert "Central: parameters and opening" in central


def test_runs_with_other_settings_have_other_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    few = ["--set", "power_price=60.5", "--set", "gpu_cadence=6"]
    said = " ".join(call("run", "--months", 1, *few).output.split())  # a screen breaks the line somewhere
    assert "power_price = 60.5, gpu_cadence = 6: 1 month from 2025-12-31 to 2026-01" in said
    many = ["open_lag=0.71", "base_rate=0.07123", "power_price=60", "max_ltv=0.712", "capital_requirement=1.5"]
    assert call("run", "--months", 1, *(word for one in many for word in ("--set", one))).exit_code == 0
    long, short = sorted(p.name for p in (tmp_path / "results").iterdir())
    assert re.fullmatch("baseline-changed-[0-9a-f]{8}-1months-seed1", long)
    assert short == "baseline-gpu_cadence=6-power_price=60.5-1months-seed1"


def test_a_parameter_changes_the_run(tmp_path: Path, finished: Path) -> None:
    assert call("run", "--months", 12, "--out", tmp_path / "x", "--set", "power_price=200").exit_code == 0
    ours = json.loads((tmp_path / "x" / "manifest.json").read_text())
    plain = json.loads((finished / "manifest.json").read_text())
    assert ours["parameters_changed"] == {"power_price": 200.0}
    assert ours["parameters"]["power_price"] == 200.0
    assert ours["result_hash"] != plain["result_hash"]


def test_a_scenario_file_runs_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("title = 'Mine'\n[[shock]]\nfirm = 'Lambda'\neffect = 'defaults'\nstart = 2\n")
    assert call("scenarios", "--check", path).exit_code == 0
    result = call("run", path, "--months", 3, "--out", tmp_path / "x", "--json")
    assert "Lambda" in {failure["firm"] for failure in json.loads(result.stdout)["failures"]}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["rum"], "No such command 'rum'. Did you mean 'run'?"),
        (["run", "baselin"], "unknown scenario 'baselin'; did you mean 'baseline'?"),
        (["run", "none/such.toml"], "there is no scenario file none/such.toml"),
        (["run", "--set", "power_prize=3"], "unknown parameter 'power_prize'; did you mean 'power_price'?"),
        (["run", "--set", "power_price=0.5"], "must lie between 1 and 1000 USD/MWh, not 0.5"),
        (["run", "--set", "power_price=dear"], "must be a number, not 'dear'; allowed are 1 to 1000 USD/MWh"),
        (["run", "--set", "power_price=nan"], "parameter 'power_price' must lie between"),
        (["run", "--set", "power_price"], "--set needs name=value, not 'power_price'"),
        (["run", "--set", "power_price=3", "--set", "power_price=4"], "parameter 'power_price' is set twice"),
        (["run", "--months", "-3"], "Invalid value for '--months'"),
        (["run", "--months", "0"], "Invalid value for '--months'"),
        (["run", "--months", "many"], "Invalid value for '--months'"),
        (["run", "--seed", "-1"], "Invalid value for '--seed'"),
        (["run", "--seed", str(2**62)], "Invalid value for '--seed'"),
        (["run", "--sed", "1"], "No such option: --sed"),
        (["run", "baseline", "extra"], "extra"),
        (["inspect"], "Missing argument 'firm'"),
        (["inspect", "CoreWave"], "; did you mean 'CoreWeave'?"),
        (["inspect", "Foo"], "unknown firm 'Foo' in the opening of 2025-12-31 (see: invisible-debt inspect opening)"),
        (["inspect", "Entering cloud 900"], "Entering cloud 900 has not entered by the end of 2025-12 in this run"),
        (["inspect", "CoreWeave", "--month", "soon"], "--month must be a month such as '2027-01'"),
        (["inspect", "CoreWeave", "--month", "-1"], "--month must lie between 0"),
        (["inspect", "opening", "--month", "3"], "'opening' is the state before any run"),
        (["parameters", "power_prize"], "did you mean 'power_price'?"),
        (["replay", "x", "-1"], "RUN must be 0 or more, not -1"),
        (["replay", "x", "y"], "Invalid value for 'RUN': it must be a whole number, not 'y'"),
        (["open"], "Missing argument 'DIR'"),
        (["scenarios", "--check", "none.toml"], "there is no scenario file none.toml"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_writes_nothing(
    words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(*words)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_other_kind_says_what_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("capital.toml").write_text("title = 'x'\n[factors]\nlender_capital = [0.8, 1.2]\n")
    Path("story.toml").write_text("title = 'x'\n[[shock]]\nfirm = 'Lambda'\neffect = 'defaults'\nstart = 2\n")
    assert "capital.toml, line 2: 'factors' makes it a study: invisible-debt sweep capital.toml" in refused(
        "run", "capital.toml"
    )
    assert "story.toml, this is a scenario, no study: invisible-debt run story.toml" in refused("sweep", "story.toml")
    assert "r6_customer_concentration: no mistake" in call("scenarios", "--check", "r6_customer_concentration").stdout


def test_results_of_another_command_are_named_in_words(finished: Path) -> None:
    for name in ("hindcast", "risk", "validate"):
        said = refused(name, "--out", finished)
        assert f"holds something that is no finished 'invisible-debt {name}'; give another --out" in said


@pytest.mark.parametrize("words", [["systemic", "--top", 1], ["sweep", "study.toml"]])
def test_off_a_terminal_no_bar_leaves_a_blank_line(words: list[object], tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("months = 1\n[factors]\npower_price = [60, 90]\n")
    done = subprocess.run([*PROGRAM, *map(str, words)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = done.stderr.splitlines()
    assert all(told)
    assert told[-1:] == ([] if words[0] == "systemic" else ["runs: 2 of 2"])


def test_broken_scenario_files_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("title = 'Mine'\n[parameters]\npower_prize = 3\n[[shock]]\nfirm = 'Lamda'\n")
    result = call("scenarios", "--check", path)
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        f"{path}, line 3: unknown parameter 'power_prize'; did you mean 'power_price'?"
        " (see: invisible-debt parameters)",
        f"{path}, line 4: shock 1: 'start' is missing",
        f"{path}, line 5: shock 1: unknown firm 'Lamda' in the opening of 2025-12-31; did you mean 'Lambda'?",
    ]  # fmt: skip
    assert "line 3: unknown parameter" in refused("run", path, "--out", tmp_path / "x")
    path.write_text("title = \n")
    assert "mine.toml, line 1, column 9: broken TOML" in refused("run", path, "--out", tmp_path / "x")
    path.write_text("title = 'Mine'\n[[shock]]\nfirm = 'Lamda'\neffect = 'defaults'\nstart = 1\n")
    assert "did you mean 'Lambda'?" in refused("run", path, "--out", tmp_path / "x")
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]


def test_a_folder_that_is_no_run_is_left_alone(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a").write_text("dear")
    assert "is not a finished run" in refused("run", "--months", 1, "--out", tmp_path / "letters")
    (tmp_path / "file").write_text("x")
    assert "is not a folder" in refused("run", "--months", 1, "--out", tmp_path / "file")
    assert "cannot write to" in refused("run", "--months", 1, "--out", tmp_path / "file" / "x")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "file", "letters"]
    manifest = (finished / "manifest.json").read_bytes()
    (finished / "notes.txt").write_text("mine")
    assert "not of the run ('notes.txt')" in refused("run", "--months", 1, "--out", finished)
    (finished / "notes.txt").unlink()
    assert (finished / "manifest.json").read_bytes() == manifest


def test_a_finished_run_is_replaced_by_the_same_recipe_alone(tmp_path: Path) -> None:
    story = tmp_path / "story.toml"
    story.write_text("title = 'Mine'\n")
    first = ["run", story, "--months", 1, "--out", tmp_path / "x"]
    assert call(*first).exit_code == 0
    kept = (tmp_path / "x" / "manifest.json").stat().st_ino
    assert call(*first).exit_code == 0
    assert (tmp_path / "x" / "manifest.json").stat().st_ino != kept
    kept = (tmp_path / "x" / "manifest.json").stat().st_ino
    for other, differs in [
        ([*first, "--months", 2], "months 1, not 2"),
        ([*first, "--seed", 2], "seed 1, not 2"),
        ([*first, "--set", "power_price=70"], "other parameters changed"),
        ([*first, "--opening", "2024-12-31"], "other opening"),
        (["run", "--months", 1, "--out", tmp_path / "x"], "other scenario"),
    ]:
        assert f"holds the results of another recipe ({differs})" in refused(*other)
    story.write_text("title = 'Mine, another day'\n")
    assert "(other scenario)" in refused(*first)
    assert (tmp_path / "x" / "manifest.json").stat().st_ino == kept
    assert sorted(p.name for p in tmp_path.iterdir()) == ["story.toml", "x"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    limit = 20_000  # bytes a file may have in that process: less than a table or the figure needs

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    words = ["run", "--months", "12", "--out", str(tmp_path / "x")]
    done = subprocess.run([*PROGRAM, *words], capture_output=True, text=True, preexec_fn=small_files)
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith(f"error: cannot write to {tmp_path / 'x'}")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def under_way(running: subprocess.Popen[str], folder: Path) -> bool:
    """Wait until a run writes into a folder that is not finished; whether it still does."""
    while running.poll() is None and not list(folder.glob(".x.*.partial")):
        time.sleep(0.02)
    time.sleep(0.3)
    return running.poll() is None


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_mid_run_leaves_nothing(finished: Path, tmp_path: Path, ended_by: signal.Signals) -> None:
    running = started("run", "--months", 1200, "--out", tmp_path / "a" / "x")
    assert under_way(running, tmp_path / "a")
    running.send_signal(ended_by)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert out == ""
    assert err.strip().splitlines()[-1] == "stopped: nothing was written"
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_started_deaf_to_ctrl_c_stays_deaf(finished: Path, tmp_path: Path) -> None:
    running = started("run", "--months", 48, "--out", tmp_path / "x", deaf=True)
    assert under_way(running, tmp_path)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert {path.name for path in (tmp_path / "x").iterdir()} == FILES


def test_a_reader_that_closes_early_gets_no_traceback() -> None:
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" parameters | head -1', "bash", *PROGRAM],
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "Demand"


def test_parameters_are_listed_with_unit_range_and_source() -> None:
    text = call("parameters").stdout
    listed = json.loads(call("parameters", "--json").stdout)
    about = {"name", "unit", "default", "low", "high", "source", "meaning", "group", "opening_only", "prior"}
    assert about == set(listed[0])
    for parameter in listed:
        assert f"  {parameter['name']} = {parameter['default']:g}  (" in text
    one = json.loads(call("parameters", "power_price", "--json").stdout)
    assert one in listed
    assert "1 to 1000" in call("parameters", "power_price").stdout


def test_parameters_come_with_what_is_believed_about_them() -> None:
    text = " ".join(call("parameters").stdout.split())
    listed = json.loads(call("parameters", "--json").stdout)
    assert {p["name"] for p in listed if p["prior"] is None} == set(LEVERS)
    assert text.count("prior none: it is a choice of policy makers") == len(LEVERS)
    price = PRIORS["power_price"]
    assert next(p["prior"] for p in listed if p["name"] == "power_price") == price._asdict()
    points = f"5 %: {price.low:g}, 50 %: {price.median:g}, 95 %: {price.high:g} (lognormal) [{price.reason}]"
    assert f"prior {points}" in text
    assert points in " ".join(call("parameters", "power_price").stdout.split())
    assert "choice of policy makers" in " ".join(call("parameters", "max_ltv").stdout.split())


def test_what_is_uncertain_about_an_opening_is_listed() -> None:
    told = json.loads(call("parameters", "--opening", "2025-12-31", "--json").stdout)
    doubts = doubts_of("2025-12-31")
    assert told["opening"] == "2025-12-31"
    assert told["assumptions"] == [prior._asdict() for prior in doubts["assumption"]]
    assert told["facts"] == [prior._asdict() for prior in doubts["fact"]]
    assert [prior["name"] for prior in told["common"]] == [doubt.name for doubt in COMMON_DOUBTS]
    text = " ".join(call("parameters", "--opening", "2025-12-31").stdout.split())
    for prior in (*doubts["assumption"], *doubts["fact"]):
        assert prior.name in text
    assert "not both" in refused("parameters", "power_price", "--opening", "2025-12-31")
    assert "there is no opening 'nowhere'" in refused("parameters", "--opening", "nowhere")


def test_scenarios_are_listed() -> None:
    told = json.loads(call("scenarios", "--json").stdout)
    text = call("scenarios").stdout
    assert told[0]["name"] == "baseline"
    for scenario in told:
        assert scenario["name"] in text


def test_the_opening_shows_the_debt_on_openai() -> None:
    told = json.loads(call("inspect", "opening", "--json").stdout)
    assert told["name"] == "OpenAI"
    assert told["look_through"]["total"] == pytest.approx(96.0, abs=0.01)
    assert list(told["look_through"]["groups"].values()) == pytest.approx([30.0, 28.0, 38.0], abs=0.01)
    assert told["commitments"]["announced"] == pytest.approx(1400.0)
    assert 0.0 < told["commitments"]["firm"] < 1400.0
    assert told["half_year"]["operating_result"] == pytest.approx(-7.8)
    assert told["revenue_run_rate"] == pytest.approx(20.0)
    text = call("inspect", "opening").stdout
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for shown in ("30.0", "28.0", "38.0", "96.0", "1,400", "-7.80", "20.0"):
        assert any(line[-1] == shown for line in lines), shown


@pytest.mark.parametrize("month", ["0", "2026-03"])
def test_a_firm_shows_its_books(month: str) -> None:
    told = json.loads(call("inspect", "coreweave", "--month", month, "--json").stdout)
    sheet = told["balance_sheet"]
    assert sheet["firm"] == "CoreWeave"
    assert sheet["month"] == (3 if month == "2026-03" else 0)
    assert sheet["protected_until"] is None
    assert told["world"] == {"seed": 1, "drawn": world(1, "2025-12-31").drawn}
    owed = sum(sheet["liabilities"].values()) + sheet["paid_in"] + sheet["retained"]
    assert sum(sheet["assets"].values()) == pytest.approx(owed, rel=1e-9)
    assert "OpenAI" in {contract["counterparty"] for contract in told["contracts"]}
    assert told["fleet"]
    text = call("inspect", "CoreWeave", "--month", month).stdout
    for heading in (
        "Balance sheet",
        "Contracts",
        "Loans",
        "Debt by kind and maturity",
        "Fleet by generation",
    ):
        assert heading in text
    assert "debt-service cover" in text


def test_a_firm_under_a_court_says_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    economy = open_economy(seed=1, central=True)
    rows = economy.state.firms[: len(economy.names)]
    rows["protected_until"][economy.firm("CoreWeave")] = 5
    told = statement.statement(economy, "CoreWeave")
    assert told.balance_sheet.protected_until == 5
    show_firm(told, Screen(), economy.opening.date)
    assert "CoreWeave (neocloud, active, protected by a court until 2026-05), end of 2025-12" in capsys.readouterr().out
    assert statement.statement(economy, "Nebius").balance_sheet.protected_until is None


def test_a_firm_that_enters_later_is_shown_once_it_is_there() -> None:
    told = json.loads(call("inspect", "entering cloud 1", "--month", "2031-01", "--central", "--json").stdout)
    assert (told["balance_sheet"]["firm"], told["balance_sheet"]["kind"]) == ("Entering cloud 1", "neocloud")


def test_a_failed_firm_has_no_default_probability() -> None:
    words = ("inspect", "OpenAI", "--scenario", "r6_customer_concentration", "--month", "2029-01")
    before = call("inspect", "OpenAI").stdout
    assert "default probability" in before
    assert "all liabilities over assets" in before
    assert "debt over assets" not in before
    text, told = call(*words).stdout, json.loads(call(*words, "--json").stdout)
    assert "OpenAI (lab, failed)" in text
    assert "default probability" not in text
    assert told["ratios"]["default_probability"] is None


def test_the_opening_names_every_firm() -> None:
    from abm.calibration import opening_tables

    said = " ".join(call("inspect", "opening").stdout.split())
    assert all(name in said for name in opening_tables().names)


def test_every_firm_can_be_shown() -> None:
    from abm import open_economy
    from abm.accounts.statement import statement

    economy = open_economy(seed=1)
    economy.run(6)
    for row in range(len(economy.names)):
        told = statement(economy, row)
        assert told.balance_sheet.total_assets == pytest.approx(
            told.balance_sheet.total_liabilities + told.balance_sheet.net_worth, rel=1e-9, abs=1e-9
        )
