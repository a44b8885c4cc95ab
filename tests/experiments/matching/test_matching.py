"""The whole of a matching on a world in one line: what it keeps, learns, and says of truths that are known."""

from pathlib import Path

import numpy as np
import pytest
from toy_world import LEFT_ALONE, NUMBER, TRUTH

from abm.calibration import DEFAULT_OPENING
from abm.calibration.files import opening_files, opening_folder
from abm.calibration.worlds import plausible_draws, uncertain
from abm.inputs.priors import standard_normal
from abm.simulation import open_economy
from experiments import baseline
from experiments.matching import observe, page, studies, synthetic, tilt
from experiments.matching.learnt import Effect, Learnt, Weight, screen, untold, weigh
from experiments.matching.plausible import Yardstick
from experiments.matching.targets import LOG, Reading

TOY = Path(__file__).with_name("toy_world.py")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "OBSERVER", f"{TOY}:fails")
        return studies.match(400, 160, 2, tmp_path_factory.mktemp("toy"), workers=1, how="threads")


def test_what_is_kept_lies_about_the_truth_and_nothing_else_is_learnt(found):
    (number,) = [one for one in found.learnt if one.name == NUMBER]
    (alone,) = [one for one in found.learnt if one.name == LEFT_ALONE]
    assert number.mean == pytest.approx(TRUTH, abs=0.2)
    assert number.spread < 0.5
    assert found.learnt[0] == number
    assert number.told
    assert alone.spread > 0.6
    assert found.failed == 2
    assert not {2, 9} & set(found.seeds.tolist())
    z = [standard_normal(int(seed), NUMBER) for seed in found.seeds]
    assert np.mean(z) == pytest.approx(number.mean)
    assert found.share == len(found.seeds) / 398
    for before, after in found.bands.values():  # ahead all rise with the number
        assert after[1] == pytest.approx(np.exp(TRUTH), rel=0.25)
        assert after[2] - after[0] < 0.7 * (before[2] - before[0])


def test_the_kept_draws_default_together_as_often_as_is_asked():
    rng = np.random.default_rng(7)
    x = rng.gamma(0.5, 4.0, 2000)
    w = tilt.weights(x, 3.37)
    assert w @ x == pytest.approx(3.37)
    assert w.sum() == pytest.approx(1.0)
    # Of the least relative entropy: any two draws' weights differ by exp(l (x1 - x2)) with one l.
    slopes = np.diff(np.log(w)) / np.diff(x)
    assert slopes == pytest.approx(slopes[0], rel=1e-6)
    rows = tilt.drawn_as_often(w)
    assert len(rows) == 2000
    assert x[rows].mean() == pytest.approx(3.37, abs=0.05)
    counts = np.bincount(rows, minlength=2000)
    assert np.abs(counts - 2000 * w).max() <= 1.0 + 1e-9
    assert x[rows[:500]].mean() == pytest.approx(3.37, abs=0.6)
    assert tilt.effective(np.full(8, 0.125)) == pytest.approx(8.0)
    assert tilt.weights(np.ones(4), 2.0).tolist() == [0.25] * 4
    assert np.argmax(tilt.weights(np.array([0.0, 1.0, 2.0]), 9.0)) == 2
    assert 1.5 < tilt.asked_rate() < 6.0


def test_the_screening_names_the_number_that_matters_and_no_other(found):
    for effects in found.effects.values():
        assert [effect.name for effect in effects][:1] == [NUMBER]
    for to in found.effects:
        if to != "distance":  # it falls and rises with the number
            assert [weight.name for weight in found.weights[to]][:1] == [NUMBER]
    assert NUMBER not in untold(found.learnt, found.weights)


def test_known_truths_are_kept_as_often_as_stated_and_lie_in_their_bands(found):
    assert found.tested.kept.low <= studies.STATED <= found.tested.kept.high
    tested = {c.name: c for c in found.tested.coverage}
    assert NUMBER in tested
    for c in tested.values():
        for band, inside in zip(synthetic.BANDS, c.inside, strict=True):
            assert inside.high >= band - 0.05


def test_the_page_says_what_was_found_and_the_table_is_what_seeds_draw_from(found, tmp_path):
    text = page.markdown(found)
    assert page.command(found) == "invisible-debt match --draws 400 --truths 160 --trajectories 2"
    assert "2 draws ended in an error" in text
    for heading in ("At a glance", "Truths that are known", "What matters", "What is matched"):
        assert f"## {heading}" in text
    data = page.as_data(found)
    assert data["kept"] == len(found.seeds)
    rows = page.table(found).splitlines()
    assert rows[0] == "world,distance"
    assert [int(row.split(",")[0]) for row in rows[1:]] == found.seeds.tolist()


def test_stopped_it_goes_on_with_the_same_numbers(found, tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "OBSERVER", f"{TOY}:fails")
    sizes = {"workers": 1, "how": "threads"}

    def stop(name, done, total):
        if name == "again":
            raise RuntimeError

    with pytest.raises(RuntimeError):
        studies.match(400, 160, 2, tmp_path, progress=stop, **sizes)
    assert (tmp_path / "draws" / "manifest.json").is_file()
    again = studies.match(400, 160, 2, tmp_path, **sizes)
    assert page.markdown(again) == page.markdown(found)


def test_a_screening_leaves_out_what_is_no_more_than_luck():
    names = ["strong", "weak"]
    step = 2.0 / 3.0
    points = np.array([[0.0, 0.0], [step, 0.0], [step, step], [step, step], [0.0, step], [0.0, 0.0]])
    outcome = 6.0 * points[:, 0] + 0.3 * points[:, 1]
    gaps = np.full(50, 0.4)
    (effect,) = screen(names, points, outcome, gaps)
    # 6 over the range against a gap of .4 in a step of two thirds.
    assert effect == Effect("strong", pytest.approx(10.0), pytest.approx(10.0))


def test_what_matters_and_is_not_told_is_named_the_strongest_first():
    known = (Learnt("a", 0.5, 1.0), Learnt("b", 0.0, 1.0), Learnt("c", 0.1, 0.95), Learnt("d", 0.0, 0.5))
    assert [one.told for one in known] == [True, False, False, True]
    weights = {"x": [Weight("a", 0.9), Weight("b", 0.2)], "y": [Weight("c", -0.3), Weight("b", 0.15)]}
    assert untold(known, weights) == ["c", "b"]


def test_what_goes_with_an_outcome_is_weighed_whatever_its_tail():
    z = np.random.default_rng(4).standard_normal((4000, 3))
    told = np.exp(5.0 * (0.6 * z[:, 0] - 0.2 * z[:, 2] + 0.77 * np.random.default_rng(5).standard_normal(4000)))
    first, second = weigh(["a", "none", "c"], z, told)
    assert (first.name, second.name) == ("a", "c")
    assert first.correlation == pytest.approx(0.6, abs=0.03)
    assert second.correlation == pytest.approx(-0.2, abs=0.05)


def test_truths_drawn_from_the_belief_lie_in_the_bands_of_what_they_keep():
    rng = np.random.default_rng(5)
    draws, many = 3000, 12
    z = rng.standard_normal(draws)
    asked = tuple(Reading(f"r{k}", f"r{k}", "known", "", LOG, 1.0, 0.0, 0.0) for k in range(many))
    luck = np.full(many, 0.3**2)

    def says(which):
        return z[which, None] + 0.3 * rng.standard_normal((len(which), many))

    rows = np.arange(300)
    told = says(np.arange(draws))
    again = says(rows)
    tested = synthetic.test(Yardstick(asked, luck, 0.2), told, again, rows, {"z": (z, z[rows])}, 0.9)
    assert tested.kept.low <= 0.9 <= tested.kept.high
    (c,) = tested.coverage
    assert c.inside[1].high >= 0.9
    # A yardstick that is too short keeps too little, and the truths fall out of the bands.
    told_apart = synthetic.test(Yardstick(asked, luck, 0.0), told + 0.4, again, rows, {"z": (z, z[rows])}, 0.9)
    assert told_apart.coverage[0].p < 0.01


def test_the_model_is_read_for_every_outcome_and_its_worlds_are_those_of_the_belief(monkeypatch):
    drawn = []
    real = observe.world

    def noted(seed, opening, **options):
        drawn.append((seed, opening, options))
        return real(seed, opening, **options)

    monkeypatch.setattr(observe, "world", noted)
    monkeypatch.setattr(baseline, "YEARS", 8)
    first = observe.observe({"luck": 0.0}, 3)
    assert list(first) == observe.outcomes()
    assert drawn == [(3, observe.past(), {"matched": False}), (3, DEFAULT_OPENING, {"matched": False})]
    other = observe.observe({"luck": 1.0}, 3)
    assert first != other
    names = set(uncertain(DEFAULT_OPENING)) | set(uncertain(observe.past()))
    at = {name: standard_normal(3, name) for name in names}
    assert observe.observe({"luck": 0.0, **at}, 3) == pytest.approx(first, nan_ok=True)


def test_the_table_on_record_is_of_the_beliefs_that_stand():
    text = (Path(studies.__file__).parents[1] / "MATCHING.md").read_text(encoding="utf-8")
    assert f"SHA-256 {studies.beliefs()[:16]}" in text, "make table and page anew, by the command on the page"
    folder = opening_folder(DEFAULT_OPENING)
    kept = plausible_draws(opening_files(DEFAULT_OPENING))
    assert f"**Kept:** {len(kept):,} draws" in text
    assert len(kept) >= len(set(kept)) > 1000
    assert (folder / "worlds.csv").is_file()
    assert open_economy(seed=5, panel=False).world.drawn == kept[5]


def test_a_forecast_of_a_firm_that_has_failed_says_nothing():
    run = baseline.one_run(1, 5)
    fallen = next((d for d in run.defaults if d.ends), None)
    one = run._replace(defaults=[_ended(run.flagship, 30)])
    assert np.isnan(observe._living(one, "flagship_revenue", "sum 2030"))
    assert not np.isnan(observe._living(one, "flagship_burn", "sum 2026"))
    assert not np.isnan(observe._living(one, "capex", "sum 2030"))
    assert fallen is None or fallen.ends


def _ended(firm, month):
    from types import SimpleNamespace

    return SimpleNamespace(firm=firm, month=month, ends=True, kind="lab")
