"""Firms have the names that scenarios use, and those that enter can be struck before they are there."""

import datetime

import pytest

from abm.engine.tables import ENTRANT, HYPERSCALER, LAB, NEOCLOUD, VEHICLE
from abm.errors import BadInput
from abm.inputs.firm_names import Named, named_firm
from abm.inputs.scenarios import BASELINE, Scenario, Shock, check_file, load
from abm.simulation import Economy, open_economy
from experiments.summary import never_entered

FIRMS = {"OpenAI": LAB, "Meta": HYPERSCALER, "CoreWeave": NEOCLOUD, "Open model 7": ENTRANT}
SEED, LONG = 2, 240  # a run in which a cloud that entered founds a project company


@pytest.fixture(scope="module")
def plain() -> Economy:
    economy = open_economy(load(BASELINE), seed=SEED, central=True)
    economy.run(LONG)
    return economy


@pytest.mark.parametrize(
    ("name", "firm"),
    [
        ("openai", Named("OpenAI", 0)),
        ("Open model 7", Named("Open model 7", 3)),
        (" entering CLOUD 12", Named("Entering cloud 12", kind=NEOCLOUD, number=12)),
        ("Open model 1", Named("Open model 1", kind=ENTRANT, number=1)),
        ("openai project 2", Named("OpenAI project 2", kind=VEHICLE, number=2, tenant=0)),
        ("meta Project 3", Named("Meta project 3", kind=VEHICLE, number=3, tenant=1)),
        ("entering cloud 2 project 4", Named("Entering cloud 2 project 4", -1, VEHICLE, 4, -1, 2)),
    ],
)
def test_a_name_tells_row_or_kind_tenant_and_number(name: str, firm: Named) -> None:
    assert named_firm(name, FIRMS) == firm


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Entering cloud", "did you mean 'Entering cloud 1'"),
        ("Entring cloud 2", "did you mean 'Entering cloud 2'"),
        ("Opn model 12", "did you mean 'Open model 12'"),
        ("CoreWave", "did you mean 'CoreWeave'"),
        ("Entering cloud 0", "unknown firm"),
        ("Entering cloud 99999", "unknown firm"),
        ("Nobody project 1", "unknown firm"),
        ("Meta project 1 project 1", "unknown firm"),
        ("Open model 7 project 1", "only labs and clouds found project companies, and Open model 7 is neither"),
        ("Open model 2 project 1", "never enters"),
        (" project 1" * 9999, "unknown firm"),
    ],
)
def test_other_names_are_refused(name: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        named_firm(name, FIRMS)


def test_every_firm_that_entered_is_found_by_its_name(plain: Economy) -> None:
    entered = plain.names[len(plain.opening.names) :]
    kinds = plain.rows("firms")["kind"][len(plain.opening.names) :]
    assert {int(kind) for kind in kinds} == {NEOCLOUD, ENTRANT, VEHICLE}
    for name, kind in zip(entered, kinds, strict=True):
        found = named_firm(name, plain.opening.kinds)
        assert (found.name, found.kind, found.row) == (name, kind, -1)


@pytest.mark.parametrize("words", ["Entering cloud", "Open model", "Google Cloud project", "project of a newcomer"])
def test_who_entered_fails_when_struck(plain: Economy, words: str) -> None:
    firms, first = plain.rows("firms"), len(plain.opening.names)
    if words == "project of a newcomer":
        row = next(i for i in range(first, len(firms)) if firms["tenant"][i] >= first)
    else:
        row = max(i for i in range(first, len(firms)) if plain.names[i].rpartition(" ")[0] == words)
    entry = int(firms["entered"][row])
    month = entry + 2
    shock = Shock(firm=plain.names[row].upper(), effect="defaults", start=month)
    struck = open_economy(Scenario(title="t", shocks=[shock]), seed=SEED, central=True)
    struck.run(month - 1)
    before = open_economy(load(BASELINE), seed=SEED, central=True)
    before.run(month - 1)
    assert struck.rows("series").tolist() == before.rows("series").tolist()
    assert struck.names[row] == plain.names[row]
    struck.run(1)
    assert struck.rows("firms")["failed"][row] == month


def test_a_shock_waits_for_its_firm(plain: Economy) -> None:
    row = len(plain.opening.names)
    entry = int(plain.rows("firms")["entered"][row])
    shock = Shock(firm=plain.names[row], effect="defaults", start=1)
    struck = open_economy(Scenario(title="t", shocks=[shock]), seed=SEED, central=True)
    struck.run(entry)
    assert struck.rows("shocks")["struck"].tolist() == [-1]
    struck.run(1)
    assert struck.rows("firms")["failed"][row] == entry + 1


def test_a_file_may_name_it(tmp_path) -> None:
    path = tmp_path / "story.toml"
    path.write_text('title = "t"\n[[shock]]\nfirm = "open model 2"\neffect = "defaults"\nstart = 9\n')
    assert check_file(path, FIRMS, datetime.date(2025, 12, 31)) == []
    path.write_text('title = "t"\n[[shock]]\nfirm = "open model 7 project 1"\neffect = "defaults"\nstart = 9\n')
    assert len(check_file(path, FIRMS, datetime.date(2025, 12, 31))) == 1
    path.write_text('title = "t"\n[[shock]]\nfirm = "opn model 2"\neffect = "defaults"\nstart = 9\n')
    assert len(check_file(path, FIRMS, datetime.date(2025, 12, 31))) == 1


@pytest.mark.parametrize(("lab", "builds"), [("xAI", True), ("OpenAI", False)])
def test_only_labs_that_build_have_project_companies(lab: str, builds: bool, plain: Economy) -> None:
    opening = plain.opening
    shock = Shock(firm=f"{lab} project 1", effect="defaults", start=9)
    idle = Scenario(title="t", shocks=[shock]).idle_shocks(opening.kinds, opening.owners)
    said = f"'{lab} project 1' never enters: {lab} builds no sites of its own"
    assert idle == ([] if builds else [(0, "firm", said)])


def test_it_is_told_who_never_entered() -> None:
    shocks = [Shock(firm=name, effect="defaults", start=3) for name in ("Meta", "Entering cloud 90", "Open model 91")]
    struck = open_economy(Scenario(title="t", shocks=shocks), seed=SEED, central=True)
    struck.run(2)
    assert never_entered(struck) == []
    struck.run(1)
    assert never_entered(struck) == ["Entering cloud 90", "Open model 91"]
