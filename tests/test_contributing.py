"""CONTRIBUTING.md says where things are changed: the files are there, few, and enough.

The test walks it: in a copy of the package it makes changes by small edits of the files named there and of no
others - a column of the panel, an effect of a shock, a kind of agent, and so on - and runs the copy.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = TEXT.split("## Where do I change ...?")[1].split("\n## ")[0]
MOST, MOST_FOR_A_KIND = 4, 6
COLUMN, EFFECT, KIND, DESIGN = (
    "the columns of the firm panel",
    "what shocks can do to a firm",
    "the kinds of agents",
    "the designs of sweeps",
)
PARAMETER, EVENT, DUE = "the parameters", "the kinds of events", "what may fall due"


def rows() -> list[list[str]]:
    """The table: what, files, how."""
    lines = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")]
    return lines[1:]


def paths(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def answers() -> dict[str, list[str]]:
    """The files named for each thing that may be changed."""
    return {what: paths(files) for what, files, _ in rows()}


def is_new(file: str) -> bool:
    """Whether the change makes the file: its name is in capitals."""
    return Path(file).stem.isupper() and not (ROOT / file).exists()


def test_the_files_are_there_and_few() -> None:
    found = answers()
    assert len(found) >= 16
    for what, files in found.items():
        assert 1 <= len(files) <= (MOST_FOR_A_KIND if what == KIND else MOST), what
        for file in files:
            assert (ROOT / file).parent.is_dir() if is_new(file) else (ROOT / file).is_file(), (what, file)


def test_every_path_and_name_it_gives_is_there() -> None:
    for path in set(re.findall(r"`((?:abm|experiments|viz|tests)/[\w./]*)`", TEXT)):
        assert is_new(path) or (ROOT / path).exists(), path
    for what, files, how in rows():
        sources = [(ROOT / file).read_text(encoding="utf-8") for file in paths(files) if not is_new(file)]
        for name in re.findall(r"`([A-Za-z_]+)`", how):
            assert any(name in source for source in [*sources, "log_event"]), (what, name)


def test_every_room_of_the_package_is_in_the_table_of_rooms() -> None:
    rooms = {f"abm/{path.name}/" for path in (ROOT / "abm").iterdir() if path.is_dir() and path.name[0].isalpha()}
    told = set(re.findall(r"^\| `(abm/\w+/)` \|", TEXT, flags=re.MULTILINE))
    assert told == rooms
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## Where things are")[1]
    for room in rooms:
        assert f"`{room.removeprefix('abm/')}`" in readme, room


def test_the_table_of_dependencies_has_all_of_them_and_no_others() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted += project["dependency-groups"]["dev"]
    table = TEXT.split("## What each dependency earns")[1]
    packages = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", table, flags=re.MULTILINE)
    told = sorted(set(", ".join(packages).split(", ")) - {"package"})
    assert told == sorted(re.split(r"[<>=]", entry)[0] for entry in wanted)


class Copy:
    """A copy of the package, changed by the book."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers = answers()
        for part in ("abm", "experiments", "viz"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "tests" / "economies.py", folder)

    def allow(self, what: str, file: str) -> Path:
        """A file that may be changed for this."""
        names = self.answers[what]
        assert file in names or any(is_new(n) and Path(n).parent == Path(file).parent for n in names), (what, file)
        return self.folder / file

    def edit(self, what: str, file: str, old: str, new: str) -> None:
        """Put a text in the place of another that stands in the file once."""
        path = self.allow(what, file)
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (file, old, text.count(old))
        path.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, what: str, file: str, text: str) -> None:
        """Add lines at the end of a file, or make it."""
        with self.allow(what, file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    def python(self, *arguments: str) -> str:
        """What a program run in the copy prints; nothing is compiled."""
        paths = {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_DISABLE_JIT": "1"}
        ran = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env={**os.environ, **paths}, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr[-3000:]
        return ran.stdout


def add_a_panel_column(copy: Copy) -> None:
    copy.edit(COLUMN, "abm/engine/tables.py", '"protected_until",\n)', '"protected_until", "mean_cost",\n)')


def add_an_effect(copy: Copy) -> None:
    copy.edit(
        EFFECT, "abm/inputs/effects.py", 'EFFECTS = (\n', '''EFFECTS = (
    Effect(
        "pays a fine", "pay_fine", EVERY_AGENT, "it is a sector around the agents", "pays a fine",
        size=Size("bn USD", 0.0, 10.0, "bn USD", "1"),
    ),
''',
    )  # fmt: skip
    copy.edit(EFFECT, "abm/environment/shocks.py", "F_OPERATING, NEOCLOUD", "F_OPERATING, GOVERNMENT, NEOCLOUD")
    copy.edit(EFFECT, "abm/environment/shocks.py", "@jit\ndef give_up(", '''@jit
def pay_fine(state, firm, size, strength, first):
    """It pays the government once (bn), as far as it has cash."""
    if first:
        pay_cost(state, firm, GOVERNMENT, min(size, max(state.firms[firm].cash, 0.0)), F_OPERATING)


@jit
def give_up(''')  # fmt: skip


def add_a_kind(copy: Copy) -> None:
    tables = "abm/engine/tables.py"
    copy.edit(KIND, tables, "VENDOR, ENTRANT, OUTSIDE = range(8)", "VENDOR, ENTRANT, BROKER, OUTSIDE = range(9)")
    copy.edit(KIND, tables, '"entrant", "outside")', '"entrant", "broker", "outside")')
    copy.append(KIND, "abm/agents/broker.py", '''"""Brokers: what they ask of customers."""

from abm.accounts.ledger import pay_cost
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, BROKER, CUSTOMERS, F_SERVICE


@jit
def set_fee(state, broker):
    """A hundredth of what it has (bn)."""
    return 0.01 * state.firms[broker].cash


@jit
def ask_fees(state):
    """Every broker is paid by customers."""
    for i in range(state.market[0].n_firms):
        if state.firms[i].kind == BROKER and state.firms[i].status == ACTIVE:
            pay_cost(state, CUSTOMERS, i, set_fee(state, i), F_SERVICE)
''')  # fmt: skip
    wanted = "from abm.agents.broker import ask_fees\n"
    copy.edit(KIND, "abm/month.py", "from abm.agents.expectations", wanted + "from abm.agents.expectations")
    phase = "        refuse_to_pay(state)\n"
    copy.edit(KIND, "abm/month.py", phase, phase.replace("refuse_to_pay", "ask_fees") + phase)
    copy.append(KIND, "abm/calibration/openings/common/roster.csv", 'A broker,BROKER,,,,,,"sells insurance"\n')
    copy.append(KIND, "abm/calibration/openings/common/firms.csv", 'A broker,cash,2,"assumption: two of something"\n')
    copy.edit(KIND, "abm/rules.py", '    "judge": ', '    "set_fee": broker.set_fee,\n    "judge": ')
    copy.edit(KIND, "abm/rules.py", "from abm.agents import entrant", "from abm.agents import broker, entrant")


def add_a_parameter_and_an_event(copy: Copy) -> None:
    """Both are used where the brokers decide."""
    copy.edit(
        PARAMETER, "abm/inputs/parameters.py", "\nlabs:\n",
        "\nbroker_fee | share | 0.01 | 0 | 1 | assumption: a hundredth | what brokers ask of what they have\nlabs:\n",
    )  # fmt: skip
    believed = "\nbroker_fee | logit | 0.005 | 0.02 | assumption: half or double\nlabs:\n"
    copy.edit(PARAMETER, "abm/inputs/priors.py", "\nlabs:\n", believed)
    tables = "abm/engine/tables.py"
    last = "    E_EXCHANGED, E_PROTECTED, E_REORGANISED, E_REPUDIATED,\n) = range(22)"
    copy.edit(EVENT, tables, last, "    E_EXCHANGED, E_PROTECTED, E_REORGANISED, E_REPUDIATED, E_FEE,\n) = range(23)")
    copy.edit(EVENT, tables, 'E_PROJECT: "project founded",', 'E_PROJECT: "project founded", E_FEE: "fee asked",')
    copy.edit(KIND, "abm/agents/broker.py", "return 0.01 * ", "return state.params[0].broker_fee * ")
    copy.edit(KIND, "abm/agents/broker.py", "import pay_cost", "import log_event, pay_cost")
    copy.edit(KIND, "abm/agents/broker.py", "CUSTOMERS, F_SERVICE", "CUSTOMERS, E_FEE, F_SERVICE")
    copy.append(KIND, "abm/agents/broker.py", "            log_event(state, E_FEE, i, -1, set_fee(state, i))\n")


def add_a_due(copy: Copy) -> None:
    tables, seniority, owing = "abm/engine/tables.py", "abm/instruments/seniority.py", "abm/distress/obligations.py"
    copy.edit(DUE, tables, "DUE_REVENUE_SHARE,\n) = range(11)", "DUE_REVENUE_SHARE, DUE_PREMIUM,\n) = range(12)")
    copy.edit(DUE, tables, "N_DUES = 11", "N_DUES = 12")
    copy.edit(DUE, seniority, "    DUE_PRINCIPAL,\n", "    DUE_PREMIUM,\n    DUE_PRINCIPAL,\n")
    copy.edit(DUE, seniority, "TIERS = {\n    DUE_OP", "TIERS = {\n    DUE_PREMIUM: TIER_OPERATING,\n    DUE_OP")
    copy.edit(DUE, owing, "    DUE_PRINCIPAL,\n", "    DUE_PREMIUM,\n    DUE_PRINCIPAL,\n")
    at = "    owe(state, DUE_OPERATING, i, SUPPLIERS, f.fixed_cost, -1)\n"
    copy.edit(DUE, owing, at, at + "    owe(state, DUE_PREMIUM, i, SUPPLIERS, 0.25 if f.kind == LAB else 0.0, -1)\n")


def add_a_design(copy: Copy) -> None:
    designs = "experiments/designs.py"
    copy.edit(DESIGN, designs, "class Sobol(Sample):", '''class Halton(Sample):
    """Points of a Halton sequence."""

    method: Literal["halton"]
    told: ClassVar[str] = "Halton sequence"
    samples: int = Field(default=64, ge=1, le=MOST_RUNS)

    def count(self, factors: Sequence[Factor]) -> int:
        """As many as it is told."""
        return self.samples

    def unit(self, names: list[str]) -> np.ndarray:
        """By SciPy."""
        from scipy.stats import qmc

        return qmc.Halton(d=len(names), scramble=False).random(self.samples)


class Sobol(Sample):''')  # fmt: skip
    copy.edit(DESIGN, designs, "LatinHypercube, Sobol,", "LatinHypercube, Halton, Sobol,")


LOOK = '''
import json
import sys
from pathlib import Path
import numpy as np
from economies import random_opening
from abm import InvisibleDebtModel
from abm.calibration.opening import Opening, opening_tables
from abm.engine import tables as ec
from abm.errors import BadInput
from abm.inputs.scenarios import Scenario, Shock, check_file
from abm.rules import RULES, interpreted
from abm.simulation import Economy
from experiments.designs import points
from experiments.study import Study, load
from viz.places import LANES, LANE_OF

told = {}
opening = random_opening(5, largest=1)
n = len(opening.names)
new = np.zeros(1, ec.DTYPES["firms"])
for column in ("parent", "tenant", "failed", "top_customer_id"):
    new[column] = -1
new["kind"], new["status"], new["cash"], new["paid_in"] = ec.BROKER, ec.ACTIVE, 2.0, 0.0
new["retained"] = 2.0
firms = np.concatenate([opening.firms, new])
firms["cash"][ec.SAVERS] -= 2.0
firms["retained"][ec.SAVERS] -= 2.0
fields = {name: getattr(opening, name) for name in Opening.__dataclass_fields__}
fields |= {
    "names": [*opening.names, "A broker"], "firms": firms,
    "fleet": np.concatenate([opening.fleet, np.zeros((1, *opening.fleet.shape[1:]), opening.fleet.dtype)]),
    "revenue": np.column_stack([opening.revenue, np.zeros(len(opening.revenue))]),
}
opening = Opening(**fields)

fine = Shock(firm="A broker", effect="pays a fine", size=0.5, start=2)
economy = Economy(opening, Scenario(title="fined", shocks=[fine]), seed=1)
economy.run(2)
panel = economy.state.panel[:2]
told["cash"], told["panel"] = panel["cash"][:, n].tolist(), "mean_cost" in panel.dtype.names
told["recorded"] = [panel["mean_cost"][-1, : n + 1].tolist(), economy.state.firms["mean_cost"][: n + 1].tolist()]
dues = economy.state.dues
premiums = np.flatnonzero(dues.kind[: economy.state.market[0].n_dues] == ec.DUE_PREMIUM)
told["premiums"] = [[float(dues.amount[r]), int(dues.tier[r])] for r in premiums]
told["events"] = int((economy.rows("events")["kind"] == ec.EVENT_NAMES.index("fee asked")).sum())
told["flow"] = float(economy.state.flow_record[0, ec.F_SERVICE, ec.OUTSIDE, ec.BROKER])

dearer = Economy(opening, parameters={"broker_fee": 0.02}, seed=1)
dearer.run(1)
told["dearer"] = float(dearer.state.flow_record[0, ec.F_SERVICE, ec.OUTSIDE, ec.BROKER])
model = InvisibleDebtModel(opening=opening, rules={"set_fee": lambda state, broker: 0.25})
model.step()
told["handle"], told["fee"] = repr(model.firm("A broker")), model.firm("A broker").revenue
told["lane"] = LANES[LANE_OF[ec.BROKER]].heading
calibrated = opening_tables()
told["opening"] = float(calibrated.firms["cash"][calibrated.row("A broker")])

study = Study(design="halton", factors={"lender_capital": {"from": 0.5, "to": 1.5}})
told["points"] = points(study)["lender_capital"].tolist()[:3]
for name, text in {"story.toml": sys.argv[1], "study.toml": sys.argv[2]}.items():
    Path(name).write_text(text)
told["scenario"] = [str(mistake) for mistake in check_file("story.toml", calibrated.kinds, calibrated.date)]
try:
    load("study.toml")
except BadInput as error:
    told["study"] = str(error)
print(json.dumps(told))
'''
STORY = 'title = "x"\n[[shock]]\nfirm = "OpenAI"\neffect = "pays a fine"\nsize = 11.0\nstart = "2026-02"\n'
STUDY = 'design = "hypercube"\n[factors]\nlender_capital = [1]\n'


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, dict[str, Any]]:
    """The copy with all changes, and what a run of it says."""
    copy = Copy(tmp_path_factory.mktemp("copy"))
    changes = add_a_panel_column, add_an_effect, add_a_kind, add_a_parameter_and_an_event, add_a_due, add_a_design
    for change in changes:
        change(copy)
    copy.python("-m", "experiments.designs")
    return copy, json.loads(copy.python("-c", LOOK, STORY, STUDY))


def test_a_panel_column_is_recorded(walked: tuple[Copy, dict[str, Any]]) -> None:
    told = walked[1]
    assert told["panel"]
    recorded, held = told["recorded"]
    assert recorded == held
    assert any(held)


def test_an_effect_strikes_and_the_loader_knows_it(walked: tuple[Copy, dict[str, Any]]) -> None:
    told = walked[1]
    assert told["cash"][1] == pytest.approx((told["cash"][0] - 0.5) * 1.01)
    (mistake,) = told["scenario"]
    assert "size" in mistake
    assert "10" in mistake


def test_a_kind_of_agent_lives(walked: tuple[Copy, dict[str, Any]]) -> None:
    told = walked[1]
    assert told["cash"][0] == pytest.approx(2.02)
    assert told["flow"] == pytest.approx(0.02)
    assert (told["handle"], told["fee"]) == ("<broker A broker>", 0.25)
    assert told["opening"] == 2.0
    assert told["lane"]


def test_a_parameter_an_event_and_a_due_are_taken_up(walked: tuple[Copy, dict[str, Any]]) -> None:
    told = walked[1]
    assert told["dearer"] == pytest.approx(0.04)
    assert told["events"] == 2
    assert told["premiums"]
    assert all(premium == [0.25, 0] for premium in told["premiums"])


def test_a_design_makes_points_and_is_documented(walked: tuple[Copy, dict[str, Any]]) -> None:
    copy, told = walked
    assert told["points"] == pytest.approx([0.5, 1.0, 0.75])
    assert "'lhs', 'halton', 'sobol'" in told["study"]
    page = (copy.folder / "experiments" / "STUDIES.md").read_text(encoding="utf-8")
    assert '| `"halton"` | Halton sequence | `samples = 64` |' in page
