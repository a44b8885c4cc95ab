"""Worlds: what is believed, what is drawn, and that a draw depends on its own name alone."""

import hashlib
import math
import shutil

import numpy as np
import pytest

from abm.calibration import opening_tables, openings, worlds
from abm.calibration.facts import facts, names_in
from abm.calibration.files import opening_files, opening_folder
from abm.calibration.worlds import COMMON_DOUBTS, World, doubts_of, strict_priors, uncertain, world, world_at
from abm.engine import tables as ec
from abm.errors import BadInput
from abm.inputs.parameters import BY_NAME, PARAMETERS
from abm.inputs.priors import KINDS, LEVERS, PRIORS, TABLE, Z95, Prior, draw, standard_normal, standard_normals

OPENINGS = openings()
PAST = "2024-12-31"


def test_every_parameter_but_a_lever_has_a_prior():
    names = {parameter.name for parameter in PARAMETERS}
    assert names == {prior.name for prior in TABLE} | LEVERS
    assert not set(PRIORS) & LEVERS


@pytest.mark.parametrize("name", sorted(PRIORS))
def test_a_prior_holds_the_default_within_the_legal_range_and_says_why(name):
    prior, legal = PRIORS[name], BY_NAME[name]
    assert prior.kind in KINDS
    assert legal.low <= prior.low <= legal.default <= prior.high <= legal.high
    assert prior.low < prior.high
    assert len(prior.reason) > 5
    if prior.kind == "lognormal":
        assert prior.low > 0.0
    if prior.kind == "logit":
        assert prior.low > 0.0
        assert prior.high < 1.0
    for fact in names_in(prior.reason)[0]:
        assert fact in facts()


@pytest.mark.parametrize("kind", ["lognormal", "normal", "logit"])
def test_the_three_points_of_a_prior_are_where_it_says(kind):
    prior = Prior("x", kind, 0.1, 0.3, 0.8, "")
    assert prior.at(-Z95) == pytest.approx(0.1)
    assert prior.at(0.0) == 0.3
    assert prior.at(Z95) == pytest.approx(0.8)
    drawn = np.array([prior.at(standard_normal(seed, kind)) for seed in range(4000)])
    assert np.mean(drawn < 0.1) == pytest.approx(0.05, abs=0.012)
    assert np.mean(drawn < 0.3) == pytest.approx(0.5, abs=0.03)
    assert np.mean(drawn > 0.8) == pytest.approx(0.05, abs=0.012)


def test_a_uniform_prior_takes_all_numbers_alike_and_a_side_without_width_stays():
    flat = Prior("x", "uniform", 2.0, 2.5, 4.0, "")
    drawn = np.array([flat.at(standard_normal(seed, "flat")) for seed in range(4000)])
    assert drawn.min() >= 2.0
    assert drawn.max() <= 4.0
    assert np.mean(drawn < 2.5) == pytest.approx(0.25, abs=0.03)
    assert Prior("x", "lognormal", 1.0, 1.0, 2.0, "").at(-3.0) == 1.0


def test_a_draw_depends_on_seed_and_name_only():
    whole = draw(7)
    without = draw(7, {name: prior for name, prior in PRIORS.items() if name != "demand_elasticity"})
    assert {name: value for name, value in whole.items() if name != "demand_elasticity"} == without
    assert draw(7) == whole
    assert draw(8) != whole
    z = np.array([[standard_normal(seed, name) for name in list(PRIORS)[:20]] for seed in range(400)])
    between = np.corrcoef(z, rowvar=False)[np.triu_indices(20, 1)]
    assert np.abs(between).max() < 0.25
    assert z.mean() == pytest.approx(0.0, abs=0.05)
    assert z.std() == pytest.approx(1.0, abs=0.05)


def test_what_is_drawn_is_legal():
    for seed in range(60):
        for name, value in draw(seed).items():
            assert BY_NAME[name].low <= value <= BY_NAME[name].high


@pytest.mark.parametrize("name", OPENINGS)
def test_worlds_have_accounts_that_close_and_numbers_within_their_ranges(name):
    ranges = {prior.name: prior for prior in doubts_of(name)["assumption"]}
    assert len(ranges) > 20
    for seed in range(1, 9):
        drawn = world(seed, name)
        for assumption, value in drawn.assumptions.items():
            low, high = ranges[assumption].low, ranges[assumption].high
            assert low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high)
        drawn.opening()  # checks the accounts


@pytest.mark.parametrize("name", OPENINGS)
def test_a_world_without_draws_is_the_opening_itself(name):
    plain = World(0, 0, opening_files(name), {}, {}, {}, {doubt.name: 1.0 for doubt in COMMON_DOUBTS})
    assert plain.opening().digest == opening_tables(name).digest


def plain(opening=PAST, assumptions=None, facts=None, common=None):
    """A world without draws but for these."""
    shared = {doubt.name: 1.0 for doubt in COMMON_DOUBTS} | (common or {})
    return World(0, 0, opening_files(opening), {}, assumptions or {}, facts or {}, shared)


def test_a_drawn_assumption_and_a_drawn_fact_move_what_follows_from_them():
    (before,) = [prior for prior in doubts_of(PAST)["assumption"] if prior.name == "sites_building"]
    cloud = opening_tables(PAST).row("Microsoft Azure")

    def ordered(one: World) -> float:
        orders = one.opening().orders
        return float(orders["units"][(orders["kind"] == ec.SITE_ORDER) & (orders["buyer"] == cloud)].sum())

    more = plain(assumptions={"sites_building": 1.5 * before.median})
    assert ordered(more) == pytest.approx(1.5 * ordered(plain()))
    estimated = [(opening, prior.name) for opening in OPENINGS for prior in doubts_of(opening)["fact"]]
    assert estimated
    opening, fact = estimated[0]
    moved = plain(opening, facts={fact: 0.9 * facts()[fact].central}).opening()
    assert moved.digest != plain(opening).opening().digest


def test_a_doubt_that_firms_share_moves_all_of_them_alike():
    for doubt, column in (("growth expected", "expected_growth"), ("growth of own workloads", "own_growth")):
        one, two = (plain(common={doubt: factor}).opening().firms[column] for factor in (1.0, 1.3))
        assert np.abs(one).max() > 0.0
        np.testing.assert_allclose(two, 1.3 * one)


def test_the_world_of_a_seed_is_the_same_at_every_opening_and_for_every_luck():
    first, second = (world(5, name, matched=False).parameters for name in OPENINGS[:2])
    assert first == second


def told(tmp_path, text):
    """The opening of the past with a table of plausible worlds."""
    mine = tmp_path / "mine"
    if not mine.exists():
        shutil.copytree(opening_folder(PAST), mine)
    (mine / "worlds.csv").write_text(text, encoding="utf-8")
    return mine


def test_seeds_draw_from_the_plausible_worlds_in_turn_and_not_otherwise(tmp_path):
    mine = told(tmp_path, "world,distance\n7,0.1\n19,0.2\n4,0.3\n")
    assert [world(seed, mine).drawn for seed in range(7)] == [7, 19, 4, 7, 19, 4, 7]
    one, believed = world(4, mine), world(19, mine, matched=False)
    assert (one.seed, believed.seed) == (4, 19)
    assert believed.drawn == 19
    kinds = ("parameters", "assumptions", "facts", "common")
    assert all(getattr(one, kind) == getattr(believed, kind) for kind in kinds)
    assert one.parameters == world(19, PAST).parameters
    assert one.as_dict()["drawn"] == 19
    assert world(4, mine, strict=True).drawn == 4
    assert world(4, opening_tables(mine)).drawn == 4
    told(tmp_path, "world\n3\n")
    assert world(4, mine).drawn == 3


@pytest.mark.parametrize(
    "text", ["world\n", "draw\n1\n", "world\n1\n-2\n", "world\n1.5\n", f"world\n{2**62}\n", "world\n1,2\n", "\udcff"]
)
def test_a_mistake_in_the_plausible_worlds_is_a_sentence(tmp_path, text):
    mine = told(tmp_path, "")
    (mine / "worlds.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadInput, match=r"worlds\.csv"):
        world(1, mine)


@pytest.mark.parametrize("name", OPENINGS)
def test_a_world_at_no_numbers_is_the_opening_itself_and_at_those_of_a_draw_is_the_draw(name):
    assert world_at({}, name).opening().digest == opening_tables(name).digest
    names = uncertain(name)
    assert len(set(names)) == len(names) > 300
    normals = dict(zip(names, standard_normals(6, names), strict=True))
    one, other = world_at(normals, name, seed=6), world(6, name, matched=False)
    assert one.as_dict() == other.as_dict()


def test_the_strict_variant_rests_on_what_was_known():
    folder = opening_folder(PAST)
    until = opening_files(folder).facts_until
    strict = strict_priors(folder)
    assert len(strict) > 20
    for prior in strict.values():
        for fact in names_in(prior.reason)[0]:
            assert facts()[fact].known_by(until), f"{prior.name} rests on {fact}"
    loose, tight = world(3, PAST).parameters, world(3, PAST, strict=True).parameters
    changed = {name for name in loose if loose[name] != tight[name]}
    assert changed <= set(strict)
    assert len(changed) > 0.8 * len(strict)
    z = standard_normal(3, "parameter base_rate")
    legal = BY_NAME["base_rate"]
    assert tight["base_rate"] == min(max(strict["base_rate"].at(z), legal.low), legal.high)
    assert math.isclose(strict["base_rate"].median, 0.044)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[nothing]\nvalue = 1\nlow = 0\nhigh = 2\nsource = 'x'", "unknown parameter 'nothing'"),
        ("[base_rate]\nvalue = 0.04\nlow = 0.05\nhigh = 0.06\nsource = 'x'", "must rise within"),
        ("[base_rate]\nvalue = 0.04\nlow = 0.03\nsource = 'x'", "must have value, low, high and source"),
        ("[base_rate]\nvalue = 'K9-999'\nlow = 0.03\nhigh = 0.06\nsource = 'x'", "there is no fact"),
        ("[base_rate]\nvalue = true\nlow = 0.03\nhigh = 0.06\nsource = 'x'", "must be a number or a formula"),
        ("[max_ltv]\nvalue = 0.8\nlow = 0.7\nhigh = 0.9\nsource = 'x'", "no policy lever"),
        ("base_rate = [", "cannot be read"),
    ],
)
def test_a_mistake_in_a_strict_file_is_a_sentence(tmp_path, text, said):
    (tmp_path / "strict.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        strict_priors(tmp_path)


def test_an_opening_without_strict_values_says_so():
    with pytest.raises(BadInput, match="no strict variant"):
        world(1, "2025-12-31", strict=True)


def test_draws_are_the_first_of_a_stream_for_each_name():
    names = [f"parameter {name}" for name in PRIORS]
    for seed in (0, 1, 2**33 + 5, 2**62 - 1):
        keys = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") for name in names]
        streams = [np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, key)))) for key in keys]
        assert standard_normals(seed, names) == [stream.standard_normal() for stream in streams]
        assert [standard_normal(seed, name) for name in names[:9]] == standard_normals(seed, names[:9])


@pytest.mark.parametrize(("name", "strict"), [(name, False) for name in OPENINGS] + [(PAST, True)])
def test_a_world_comes_out_as_if_every_cell_were_worked_out(name, strict, monkeypatch):
    drawn = [world(seed, name, strict) for seed in range(1, 4)]
    short = [one.opening() for one in drawn]
    kept = worlds._fixed_cells(opening_files(name))
    assert len(kept) > 0.5 * len(short[0].sources)
    monkeypatch.setattr(worlds, "_fixed_cells", lambda _: {})
    for one, quick in zip(drawn, short, strict=True):
        slow = one.opening()
        assert quick.digest == slow.digest
        assert quick.sources == slow.sources
        assert (quick.contract_names, quick.loan_names) == (slow.contract_names, slow.loan_names)


def test_a_cell_is_fixed_only_if_nothing_it_reads_is_in_doubt():
    files = opening_files(PAST)
    kept = worlds._fixed_cells(files)
    names = {kind: {prior.name for prior in found} for kind, found in doubts_of(files).items()}
    uncertain = {("assumptions", name, "value") for name in names["assumption"]}
    assert not uncertain & set(kept)
    for where, cell in kept.items():
        assert set(cell.reads) <= set(kept)
        assert not names["fact"] & set(names_in(cell.source.formula)[0])
        assert where[0] != "firms" or where[2] not in ("expected_growth", "own_growth")


def test_what_a_file_says_is_read_anew_when_it_has_changed(tmp_path):
    mine = tmp_path / "mine"
    shutil.copytree(opening_folder(PAST), mine)
    before = world(2, mine)
    assert before.as_dict() == world(2, PAST).as_dict()
    assert before.opening().digest == world(2, PAST).opening().digest
    path = mine / "assumptions.csv"
    rows = path.read_text(encoding="utf-8").splitlines()
    at = next(k for k, row in enumerate(rows) if row.startswith("sites_building,"))
    rows[at] = rows[at].replace("sites_building,", "sites_building,2 * ", 1)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    after = world(2, mine)
    assert after.files.digest != before.files.digest == opening_files(PAST).digest
    assert after.assumptions["sites_building"] != before.assumptions["sites_building"]


def test_an_opening_with_a_mistake_has_no_world(tmp_path):
    mine = tmp_path / "mine"
    shutil.copytree(opening_folder(PAST), mine)
    with (mine / "assumptions.csv").open("a", encoding="utf-8") as file:
        file.write("another,1 +,,,ratio,assumption: a mistake\n")
    with pytest.raises(BadInput, match="another"):
        world(1, mine)
