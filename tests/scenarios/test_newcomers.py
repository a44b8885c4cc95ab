"""Firms that enter during a run can be named, and struck, before they are there."""

import pytest

from abm import newcomers
from abm.economy import ENTRANT, NEOCLOUD, VEHICLE
from abm.errors import BadInput
from abm.scenarios import BASELINE, Scenario, Shock, check_file, known_firm, load
from abm.simulation import Economy, open_economy

NAMES = ("OpenAI", "Meta AI", "Open model 7")


@pytest.fixture(scope="module")
def plain() -> Economy:
    economy = open_economy(load(BASELINE), seed=2)
    economy.run(60)
    return economy


def test_a_name_tells_kind_tenant_and_number() -> None:
    assert newcomers.find(" entering CLOUD 12", NAMES) == newcomers.Newcomer(NEOCLOUD, -1, 12, "Entering cloud 12")
    assert newcomers.find("Open model 1", NAMES) == newcomers.Newcomer(ENTRANT, -1, 1, "Open model 1")
    assert newcomers.find("meta ai project 3", NAMES) == newcomers.Newcomer(VEHICLE, 1, 3, "Meta AI project 3")


@pytest.mark.parametrize(
    "name", ["Entering cloud", "Entering cloud 0", "Entering cloud 99999", "Closed model 1", "OpenAI", "Open model 7"]
)
def test_other_names_are_of_no_newcomer(name: str) -> None:
    assert newcomers.find(name, NAMES) is None


def test_every_firm_that_entered_is_found_by_its_name(plain: Economy) -> None:
    entered = plain.names[len(plain.opening.names) :]
    kinds = plain.rows("firms")["kind"][len(plain.opening.names) :]
    assert {int(kind) for kind in kinds} == {NEOCLOUD, ENTRANT, VEHICLE}
    for name, kind in zip(entered, kinds, strict=True):
        found = newcomers.find(name, plain.opening.names)
        assert found is not None
        assert (found.name, found.kind) == (name, kind)


@pytest.mark.parametrize("kind", [NEOCLOUD, ENTRANT, VEHICLE])
def test_the_last_to_enter_fails_when_struck(plain: Economy, kind: int) -> None:
    firms = plain.rows("firms")
    row = [i for i in range(len(plain.opening.names), len(firms)) if firms["kind"][i] == kind][-1]
    entry = int(firms["entered"][row])
    month = entry + 2
    shock = Shock(firm=plain.names[row].upper(), effect="defaults", start=month)
    struck = open_economy(Scenario(title="t", shocks=[shock]), seed=2)
    struck.run(month - 1)
    before = open_economy(load(BASELINE), seed=2)
    before.run(month - 1)
    assert struck.rows("series").tolist() == before.rows("series").tolist()
    assert struck.names[row] == plain.names[row]
    struck.run(1)
    assert struck.rows("firms")["failed"][row] == month


def test_a_shock_waits_for_its_firm(plain: Economy) -> None:
    row = len(plain.opening.names)
    entry = int(plain.rows("firms")["entered"][row])
    shock = Shock(firm=plain.names[row], effect="defaults", start=1)
    struck = open_economy(Scenario(title="t", shocks=[shock]), seed=2)
    struck.run(entry)
    assert struck.rows("shocks")["struck"].tolist() == [-1]
    struck.run(1)
    assert struck.rows("firms")["failed"][row] == entry + 1


def test_a_file_may_name_it(tmp_path) -> None:
    path = tmp_path / "story.toml"
    path.write_text('title = "t"\n[[shock]]\nfirm = "open model 2"\neffect = "defaults"\nstart = 9\n')
    assert check_file(path, firms=NAMES) == []
    path.write_text('title = "t"\n[[shock]]\nfirm = "opn model 2"\neffect = "defaults"\nstart = 9\n')
    assert len(check_file(path, firms=NAMES)) == 1
    assert known_firm("openai PROJECT 1", NAMES) == "OpenAI project 1"
    with pytest.raises(BadInput, match="unknown firm"):
        known_firm("Nobody project 1", NAMES)
