"""Files that are none, or say what cannot be said: one clear sentence each, whoever reads them, and at once."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from abm.calibration import opening_tables
from abm.errors import BadInput, printable, shown
from abm.inputs.parameters import check
from abm.inputs.scenarios import Scenario, check_file
from abm.inputs.scenarios import load as load_scenario
from abm.inputs.toml_lines import WANTED, own_words
from experiments.study import Study
from experiments.study import load as load_study

LOADERS: tuple[Callable[[Path], object], ...] = (load_scenario, load_study)
KNOWN = {load_scenario: "title = 'x'\n", load_study: ""}  # what a file needs before it may have another mistake
OF_PYDANTIC = ("Input should", "nput should", " valid ", "datetime.", "{", "Traceback", "type=")


def said(load: Callable[[Path], object], path: Path) -> str:
    """The sentence with which a file is refused: short, on one line, safe to print, in our own words."""
    with pytest.raises(BadInput) as caught:
        load(path)
    sentence = str(caught.value)
    assert sentence.isprintable(), ascii(sentence)
    assert len(sentence) < 600
    assert not any(words in sentence for words in OF_PYDANTIC), sentence
    return sentence


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


VALUES = {
    "hundreds of digits": "9" * 400,
    "thousands of digits": "9" * 5000,
    "many digits below zero": "-" + "9" * 400,
    "a long hexadecimal number": "0x" + "f" * 5000,
    "infinite": "1e999",
    "a date": "2027-01-01",
    "a time": "2027-01-01T00:00:00Z",
    "a truth": "true",
    "a list in a list": "[[1]]",
    "a table in a list": "[{a = 1}]",
    "a table": "{a = 1}",
    "nothing in a list": "[]",
    "a long text": "'" + "x" * 5000 + "'",
    "an escape": '"\\u001b[31m"',
    "a turned line": '"\\u202e"',
}
SCENARIO_FIELDS = ("direction", "outcome", "parameters", "shock", "shocks")
SHOCK_FIELDS = ("parameter", "effect", "start", "ramp", "duration", "probability")
STUDY_FIELDS = ("months", "seed", "replicates", "paired", "model", "policies", "factors", "design", "failures", "recrd")


@pytest.mark.parametrize("kind", VALUES)
def test_every_field_refuses_strange_values_in_one_sentence(tmp_path: Path, kind: str) -> None:
    for field in SCENARIO_FIELDS:
        if not (field in ("shock", "shocks") and kind == "nothing in a list"):
            assert "line 2: " in said(load_scenario, written(tmp_path, f"title = 'x'\n{field} = {VALUES[kind]}\n"))
    for field in SHOCK_FIELDS:
        fields = {"firm": "'OpenAI'", "effect": "'demand'", "size": "1", "start": "1", field: VALUES[kind]}
        text = "title = 'x'\n[[shock]]\n" + "".join(f"{key} = {value}\n" for key, value in fields.items())
        number = 3 + list(fields).index(field)
        assert any(f"line {n}: " in said(load_scenario, written(tmp_path, text)) for n in (2, number)), field
        assert len(check_file(written(tmp_path, text), opening_tables().kinds, opening_tables().date)) >= 1
    for field in STUDY_FIELDS:
        if (field, kind) in [("paired", "a truth"), ("policies", "a table"), ("factors", "a table")]:
            continue
        sentence = said(load_study, written(tmp_path, f"{field} = {VALUES[kind]}\n"))
        assert "mine.toml, line 1: " in sentence, (field, sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("outcomes = [[1]]\n", "line 1: outcomes must be a list of names or a table, and [1] is no name"),
        ("outcomes = [1]\n", "line 1: outcomes must be a list of names or a table, and 1 is no name"),
        ("[outcomes]\na = [[1]]\n", "line 2: outcome 'a' must be a text such as 'max ai_debt', or a table"),
        ("[record]\nseries = 3\n", "line 2: series must be a list of names, or 'all', not 3"),
        ("[record]\nfirms = [[1]]\n", "line 2: firms must be a list of names, or 'all', not [1]"),
        ("[report]\nmap = ['x']\n", "line 2: map must be a list of two factors, not ['x']"),
        ("[report]\nbaseline = true\n", "line 2: baseline must be a text in quotes or a number, not true"),
        ("design = { method = [1] }\n", "line 1: method must be one of 'grid', 'zip'"),
        ("months = " + "9" * 400, "line 1: months must be at most 1200, not a number of 400 digits"),
        ("model = 'a:b'\n[factors]\nx = [" + "9" * 400 + "]", "line 3: 'values' must be numbers of at most 308 digits"),
        ("model = 'a:b'\n[factors]\nx = { from = 0, to = " + "9" * 400 + " }", "to must be a number of at most"),
    ],
)  # fmt: skip
def test_a_study_s_own_strange_values(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in said(load_study, written(tmp_path, text))


BROKEN = {
    "a dotted key": ("a." * 20_000 + "a = 1\n", "line 1: a key may have at most 32 parts"),
    "a dotted heading": ("\n[" + "a." * 20_000 + "a]\n", "line 2: a key may have at most 32 parts"),
    "a key of quoted parts": ("'a' . " * 20_000 + "a = 1\n", "line 1: a key may have at most 32 parts"),
    "deep lists": ("a = " + "[" * 100_000, "line 1: brackets may stand at most 32 deep"),
    "deep lists that end": ("a = " + "[" * 500 + "]" * 500, "line 1: brackets may stand at most 32 deep"),
    "deep tables": ("a = " + "{a = " * 5000 + "1" + "}" * 5000, "line 1: brackets may stand at most 32 deep"),
    "deep over lines": ("a = " + "[\n" * 500, "line 33: brackets may stand at most 32 deep"),
    "a long number": ("x = 1\n[a]\ny = " + "1" * 900_000, "line 3: 'y' has a number of thousands of digits"),
    "a key twice": ("a = 1\na = 2\n", "line 2, column 6: broken TOML"),
    "a byte of zero": ("a = 1\n\0 = 2", "line 2, column 1: broken TOML"),
    "an old line end": ("a = 1\rb = 2", "broken TOML"),
    "a control character": ("\n'a\x1b' = 1", "line 2, column 3: broken TOML"),
    "a key with an escape": ('\n"a\\u001b" = 1', "line 2: a name must be text without control characters, not 'a\\x1b"),
    "a day of no month": ("a = 2027-13-45", "line 1, column 9: broken TOML"),
    "a day too many": ("a = 2027-02-31", "line 1, column 5: broken TOML: invalid date"),
    "Windows lines": ("title = 'x'\r\nfoo = 1\r\n", "line 2: unknown field 'foo'"),
    "a mark before": ("\ufefftitle = 'x'\nfoo = 1", "line 2: unknown field 'foo'"),
    "no text": ("\udcff", "is not a text file in UTF-8"),
    "too much": ("#" * 1_000_001, "is too large to be a"),
    "another line end in a text": ("'x\u2028y' = 1\nfoo = 2", "line 1: "),
}  # fmt: skip


@pytest.mark.parametrize("load", LOADERS)
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_are_refused_at_once(tmp_path: Path, load: Callable[[Path], object], kind: str) -> None:
    text, sentence = BROKEN[kind]
    assert sentence in said(load, written(tmp_path, text))


def test_many_mistakes_are_counted_and_not_all_looked_at(tmp_path: Path) -> None:
    many = "\n".join(f"k{number} = 1" for number in range(30_000))
    for load in LOADERS:
        sentence = said(load, written(tmp_path, KNOWN[load] + "[parameters]\n" + many))
        assert "unknown parameter 'k0'" in sentence
        assert " 99 more" in sentence


def test_a_mark_of_the_encoding_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufefftitle = 'x'\r\nstory = '''a\r\nb'''\r\n")
    assert load_scenario(path) == Scenario(name="mine", title="x", story="a\nb")


@pytest.fixture
def no_files(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Paths that lead to no file, by what they lead to."""
    os.mkfifo(tmp_path / "pipe.toml")
    listening = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)  # the path of a socket is short
    listening.bind("socket.toml")
    os.chdir(here)
    yield {
        "a named pipe": tmp_path / "pipe.toml",
        "a socket": tmp_path / "socket.toml",
        "a device": Path("/dev/zero"),
        "a folder": tmp_path,
    }
    listening.close()


@pytest.mark.parametrize("load", LOADERS)
def test_what_is_no_file_is_not_waited_for(load: Callable[[Path], object], no_files: dict[str, Path]) -> None:
    for kind, path in no_files.items():
        assert f"file {path}: it is {kind}" in said(load, path)
    assert "there is no" in said(load, Path("/nowhere/x.toml"))
    assert "too long" in said(load, Path("x" * 300 + ".toml"))


def test_files_that_a_study_names_are_no_pipes_either(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").write_text("lender_capital\n" + "1" * 200_000)
    (tmp_path / "red.csv").write_text("x\x1b[31m\n1\n")
    table = "[design]\nmethod = 'table'\nfile = '{}'\n"
    assert "it is a named pipe" in said(load_study, written(tmp_path, table.format("pipe.csv")))
    assert "no table of values" in said(load_study, written(tmp_path, table.format("zero.csv")))
    assert "red.csv, row 1: control characters" in said(load_study, written(tmp_path, table.format("red.csv")))
    from experiments.execution import load_function

    with pytest.raises(BadInput, match="it is a named pipe"):
        load_function(f"{tmp_path / 'pipe.py'}:f")


@pytest.mark.parametrize("name", [b"caf\xe9.toml", b"a\x1b[31m.toml", "\u202eb.toml".encode()])
def test_a_file_s_name_is_text(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.write_text("title = 'x'\n")
    assert "the name of a scenario file must be text in UTF-8" in said(load_scenario, path)
    path.write_text("[factors]\nlender_capital = [1]\n")
    assert "the name of a study file must be text in UTF-8" in said(load_study, path)


CONTROLS = ("\x1b[31m", "\0", "\r", "\x7f", "\x9b", "\u202e", "\u2066", "\u200f", "\u2028", "\ufffe")


@pytest.mark.parametrize("control", CONTROLS)
def test_no_text_may_have_control_characters(tmp_path: Path, control: str) -> None:
    hidden = "".join(f"\\u{ord(c):04x}" for c in control)
    code = f"U+{ord(control[0]):04X}"
    for field in ("title", "story", "digest"):
        text = f'title = "x"\n{field} = "a{hidden}b"\n' if field != "title" else f'\ntitle = "a{hidden}b"\n'
        sentence = said(load_scenario, written(tmp_path, text))
        assert f"line 2: {field} must be text without control characters, but has {code}" in sentence
    for field in ("title", "question"):
        assert f"line 1: {field} must" in said(load_study, written(tmp_path, f'{field} = "a{hidden}b"\n'))
    text = f"model = 'a:b'\n[factors]\n\"a{hidden}b\" = [1]\n"
    assert "line 3: a name must be text without control" in said(load_study, written(tmp_path, text))
    for make in (lambda: Scenario(title=f"a{control}"), lambda: Study(title=f"a{control}")):
        with pytest.raises(ValueError, match="title must be text without control characters"):
            make()


def test_letters_of_every_writing_are_welcome() -> None:
    for title in ("Größe 10 %", "市场", "שוק", "👩\u200d💻 runs", "naïve [/GPU] $x_$ <b>"):
        assert Scenario(title=title).title == title
    assert Scenario(title="  two\nlines\t").title == "two lines"
    with pytest.raises(ValueError, match="title must be a text in quotes"):
        Scenario(title=" \n")


def test_a_sentence_is_one_line_that_a_screen_can_show() -> None:
    for given in ("\x1b[31mred", "a\nb", "\r", "\udcff", "\u202e"):
        sentence = str(BadInput(f"unknown '{given}'"))
        assert sentence.isprintable()
        assert sentence == f"unknown '{printable(given, keep='')}'"
    assert len(str(BadInput("x" * 10**6))) == 1000
    assert shown("x" * 10**6) == f"'{'x' * 59}…'"
    with pytest.raises(BadInput, match="not a number of 400 digits"):
        check("power_price", int("9" * 400))
    with pytest.raises(BadInput, match=r"unknown parameter 'x{59}…'"):
        check("x" * 10**6, 1)


@pytest.mark.parametrize("kind", [*WANTED, "an error that nobody knows"])
def test_no_sentence_is_pydantic_s(kind: str) -> None:
    names = ("expected", "ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length")
    error = {"type": kind, "input": 3, "msg": "Input should be other", "ctx": dict.fromkeys(names, 1), "loc": ("x",)}
    assert own_words(error, "field").startswith("field ")
    assert "should" not in own_words(error, "field")
