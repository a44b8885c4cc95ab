"""What a command prints: texts that are no markup, lines that fit, and streams that break."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from typer.testing import CliRunner, Result

from abm.errors import BadInput
from experiments import results
from experiments.cli import LISTED, main
from experiments.files import new_files, undisturbed
from experiments.folders import new_folder
from experiments.screen import Screen, broken, counted, say, say_json, styled
from experiments.streams import Output, OutputLost, ReaderGone, Remarks

PROGRAM = f"{sys.executable} -c 'from experiments.cli import main; main()'"
MARKUP = "50 % [/GPU] [red]x[/red] $x_$ :warning: <b>&amp;</b> \\[bold]"


def call(*words: object, width: int = 80) -> Result:
    environment = {"COLUMNS": str(width)}
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="invisible-debt", env=environment)


def shell(line: str) -> tuple[list[int], str]:
    """Exit codes of a pipeline in which @ is the program, and what it says on standard error."""
    script = f"{line.replace('@', PROGRAM)}; echo \"${{PIPESTATUS[@]}}\" >&9"
    read, write = os.pipe()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["bash", "-c", script.replace(">&9", f">/dev/fd/{write}")],
        capture_output=True, text=True, pass_fds=[write], env=environment,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as told:
        return [int(code) for code in told.read().split()], done.stderr


# --- streams ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["--help", "--version", "run --help", "parameters", "parameters --json"])
def test_a_full_or_closed_output_is_one_sentence(words: str) -> None:
    for where, why in ((">/dev/full", "No space left on device"), (">&-", "it is closed")):
        codes, said = shell(f"@ {words} {where}")
        assert codes == [2]
        assert said == f"error: cannot write to standard output: {why}\n"


@pytest.mark.parametrize("line", ["@ parameters | true", "@ --help | true", "@ parameters 2>&1 | head -1"])
def test_a_pipe_that_is_cut_off_ends_as_programs_do(line: str) -> None:
    codes, said = shell(line)
    assert codes == [141, 0]
    assert said == ""


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_remarks_that_cannot_be_written_change_nothing(where: str) -> None:
    assert shell(f"@ inspect opening {where} >/dev/null") == ([0], "")
    assert shell(f"@ nothing {where}") == ([2], "")


def test_a_failed_stream_says_so_until_somebody_hears() -> None:
    class Broken(io.StringIO):
        error: OSError = BrokenPipeError(32, "Broken pipe")

        def write(self, text: str) -> int:
            raise self.error

    output = Output(Broken())
    with contextlib.suppress(OutputLost):  # as click does when it tries a stream
        output.write("x")
    with pytest.raises(ReaderGone):
        output.flush()
    remarks = Remarks(Broken())
    assert remarks.write("x") == 1
    Broken.error = OSError(28, "No space left on device")
    with pytest.raises(OutputLost, match="standard output: No space left"):
        Output(Broken()).write("x")


def test_the_version_is_told() -> None:
    from importlib.metadata import version

    assert call("--version").stdout == f"invisible-debt {version('invisible-debt')}\n"


# --- texts ------------------------------------------------------------------------------------------------
def test_a_text_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.print(MARKUP)
    table = Table(MARKUP, box=None)
    table.add_row(MARKUP)
    screen.print(table)
    screen.print(styled(MARKUP, "bold"))
    say(MARKUP, title=MARKUP, width=200)
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines] == [MARKUP] * 4 + [MARKUP * 2]


def test_control_characters_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    bad = "a\x1b[31mb\u202ec\x9bd\udcffe"
    Screen().print(bad)
    say(bad)
    say_json({bad: bad})
    out = capsys.readouterr().out
    assert out.replace("\n", "").isprintable()
    assert out.startswith("a\\x1b[31mb\\u202ec\\x9bd\\udcffe\n" * 2)
    assert json.loads(out.split("\n", 2)[2]) == {bad: bad}


def test_lines_end_between_words_and_paths_stay_whole() -> None:
    path = "/tmp/" + "long" * 30
    lines = broken(f"Results in {path}: figure.png, tables and more of it", 40, "  ", "    ")
    assert lines == ["  Results in", f"    {path}:", "    figure.png, tables and more of it"]
    for text in ("x" * 500, "市场" * 200, "who owes what to whom " * 20):
        lines = broken(text, 40)
        assert all(len(line.encode("gb18030")) <= 40 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_counts() -> None:
    assert [counted(n, "month") for n in (0, 1, 2)] == ["0 months", "1 month", "2 months"]


@pytest.mark.parametrize("where", ["", "@scenario", "@folder"])
def test_what_a_run_is_called_reaches_the_screen_as_it_is(tmp_path: Path, where: str) -> None:
    """Title, file name, folder name: the same letters in text, JSON and manifest, whatever they mean elsewhere."""
    odd = "[red]a[/GPU] $x_$"
    path = tmp_path / ("mine.toml" if where != "@scenario" else f"{odd.replace('/', '')}.toml")
    path.write_text(f"title = '{MARKUP}'\n")
    out = tmp_path / ("out" if where != "@folder" else odd.replace("/", "") + "\x1b[31m")
    result = call("run", path, "--months", 1, "--out", out)
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert f"{MARKUP}: 1 month from 2025-12-31 to 2026-01, seed 1" in said
    assert " ".join(str(out).replace("\x1b", "\\x1b").split()) in said
    assert "\x1b" not in result.output
    told = json.loads(call("run", path, "--months", 1, "--out", out, "--json").stdout)
    assert told["folder"] == str(out)
    assert told["manifest"]["scenario"]["title"] == MARKUP
    assert (out / "figure.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    "words",
    [
        ["\x1b[31m"], ["run", "\x1b[31m"], ["run", "--set", "\x1b[31m"], ["run", "--set", "\x1b[31m=1"],
        ["run", "--\x1b[31m"], ["run", "--months", "\x1b[31m"], ["run", "a\x1b[31m/b.toml"], ["inspect", "\x1b[31m"],
        ["inspect", "OpenAI", "--month", "\x1b[31m"], ["parameters", "\x1b[31m"], ["open", "\x1b[31m"],
        ["report", "\x1b[31m"], ["replay", "\x1b[31m", "1"], ["sweep", "\x1b[31m"], ["reproduce", "\x1b[31m"],
        ["scenarios", "--check", "\x1b[31m"], ["sweep", "a.toml", "--failures", "\x1b[31m"], ["open", "/"],
        ["run", "--months", "9" * 5000], ["sweep", "a.toml", "--failures", "9" * 5000], ["run", "\udcff.toml"],
        ["run", "--out", "\udcff"], ["open", "\udcff"], ["parameters", "x" * 100_000], ["run", "--set", "x" * 100_000],
    ],
)  # fmt: skip
def test_a_mistake_is_repeated_without_what_acts_on_a_screen(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert line.isprintable(), ascii(line)
    assert len(line) <= 1010
    assert list(tmp_path.iterdir()) == []


# --- width ------------------------------------------------------------------------------------------------
SHOWN = [
    ["scenarios"], ["parameters"], ["parameters", "power_price"], ["reproduce"], ["inspect", "opening"],
    ["inspect", "CoreWeave", "--month", "2026-03"], ["systemic", "--top", "60"], ["stress", "OpenAI"],
    ["stress", "CoreWeave", "--month", "2026-03"], [], *([name, "--help"] for name in LISTED),
]  # fmt: skip


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_every_screen_fits_into_80_columns(words: list[str]) -> None:
    result = call(*words)
    assert result.exit_code == 0, result.output
    assert [line for line in result.stdout.splitlines() if len(line) > 80] == []
    assert "…" not in result.stdout


def test_a_run_and_a_sweep_fit_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    long = "A title of very many words that goes on and on for longer than any screen is wide, and then some more"
    Path("mine.toml").write_text(f"title = '{long}'\n[[shock]]\nfirm='Oracle'\neffect='defaults'\nstart=1\n")
    Path("study.toml").write_text(
        f"title = '{MARKUP}'\nquestion = '{long}'\nmodel = 'm.py:f'\n[factors]\n'[b]x[/c]' = [1, 2]\n'$y_$' = [1]\n"
    )
    Path("m.py").write_text("def f(settings, seed):\n    raise ValueError('[/x] \\x1b[31m ' + 'why ' * 40)\n")
    for words in (
        ["run", "mine.toml", "--months", 3],
        ["sweep", "study.toml", "--workers", 1],
        ["open", "results/study"],
    ):
        result = call(*words)
        assert result.exit_code == (1 if words[0] == "sweep" else 0), result.output  # all its runs fail
        assert "\x1b" not in result.output
        lines = result.stdout.splitlines()
        told = [line for line in lines if "results/study/" not in line]  # code to copy stays whole
        assert [line for line in told if len(line) > 80] == []
    assert MARKUP in " ".join(result.stdout.split())
    assert "[b]x[/c]" in result.stdout
    assert "2 runs at 2 points" in " ".join(result.stdout.split())
    assert "1 seed a point" in " ".join(result.stdout.split())


# --- disks ------------------------------------------------------------------------------------------------
def test_a_disk_that_fills_up_while_results_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(results, "draw", full)
    result = call("run", "--months", 1, "--out", tmp_path / "a" / "x")
    assert result.exit_code == 2
    assert result.stderr.strip() == f"error: cannot write to {tmp_path / 'a' / 'x'}: No space left on device"
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_text_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    odd = tmp_path / "caf\udce9"
    with pytest.raises(BadInput, match="must be text in UTF-8"), new_folder(odd, lambda _: None):
        pytest.fail("it was made")
    with pytest.raises(BadInput, match="must be text in UTF-8"), new_files([odd]):
        pytest.fail("it was made")
    assert list(tmp_path.iterdir()) == []


def test_a_second_ctrl_c_does_not_stop_the_clearing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil
    import signal

    remove = shutil.rmtree

    def impatient(*given: object, **options: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        remove(*given, **options)  # type: ignore[arg-type]

    before = signal.getsignal(signal.SIGINT)  # ignored where the tests were started deaf to it
    monkeypatch.setattr("experiments.folders.shutil.rmtree", impatient)
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "x", lambda _: None) as stage:  # noqa: PT012
        (stage / "half").write_text("written")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with contextlib.suppress(ArithmeticError), undisturbed():
        raise ArithmeticError
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("address", ["s3://bucket/x", "memory://x", "file:///tmp/x"])
def test_addresses_are_no_folders(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="is no place for results"), new_folder(Path(address), lambda _: None):
        pass
    with pytest.raises(BadInput, match="is no place for results"), new_files([Path(address)]):
        pass
    assert not list(tmp_path.iterdir())
