"""Designs: which points a study makes, in which order."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.errors import BadInput
from experiments import designs
from experiments.store import seed_of
from experiments.study import Study, load

RANGES = {"lender_capital": {"from": 0.5, "to": 2.0}, "loan_tenor": {"from": 12.0, "to": 120.0}}


def study(**fields: Any) -> Study:
    return Study.model_validate(fields)


def test_a_grid_is_every_combination_in_order() -> None:
    found = designs.points(
        study(factors={"lender_capital": [1, 2], "loan_tenor": {"from": 12.0, "to": 36.0, "steps": 3}})
    )
    pairs = list(zip(found["lender_capital"], found["loan_tenor"], strict=True))
    assert pairs == [(1, 12), (1, 24), (1, 36), (2, 12), (2, 24), (2, 36)]
    assert found.index.name == "point"


def test_zip_goes_in_step_and_policies_are_crossed_in() -> None:
    found = designs.points(
        study(
            design="zip",
            factors={"lender_capital": [1, 2], "scenario": ["baseline", "r2_obsolescence"]},
            policies={"a": {"max_ltv": 0.5}, "b": {"max_ltv": 0.7}},
        )
    )
    assert found["policy"].tolist() == ["none", "a", "b"] * 2
    assert found["design_row"].tolist() == [0, 0, 0, 1, 1, 1]
    assert found["scenario"].tolist() == ["baseline"] * 3 + ["r2_obsolescence"] * 3
    only = designs.points(study(factors={"policy": ["a"]}, policies={"a": {"max_ltv": 0.5}, "b": {"max_ltv": 0.7}}))
    assert only["policy"].tolist() == ["a"]


def test_no_factor_is_one_point() -> None:
    assert len(designs.points(study(replicates=5))) == 1


@given(samples=st.integers(1, 200), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_a_latin_hypercube_uses_every_part_once(samples: int, seed: int) -> None:
    of = study(design={"method": "lhs", "samples": samples, "seed": seed}, factors=RANGES)
    unit = designs.unit_sample(of)
    assert unit.shape == (samples, 2)
    for column in unit.T:
        assert sorted((column * samples).astype(int)) == list(range(samples))


@pytest.mark.parametrize("second_order", [False, True])
def test_sobol_has_salteli_blocks(second_order: bool) -> None:
    of = study(design={"method": "sobol", "samples": 8, "second_order": second_order}, factors=RANGES)
    unit = designs.unit_sample(of)
    block = 6 if second_order else 4
    assert len(unit) == designs.count_rows(of) == 8 * block
    blocks = unit.reshape(8, block, 2)
    a, ab0, ab1, b = blocks[:, 0], blocks[:, 1], blocks[:, 2], blocks[:, -1]
    assert np.array_equal(ab0, np.column_stack([b[:, 0], a[:, 1]]))
    assert np.array_equal(ab1, np.column_stack([a[:, 0], b[:, 1]]))


def test_morris_moves_one_factor_at_a_time() -> None:
    of = study(design={"method": "morris", "trajectories": 5}, factors=RANGES)
    unit = designs.unit_sample(of).reshape(5, 3, 2)
    assert np.all((np.diff(unit, axis=1) != 0).sum(axis=2) == 1)
    assert designs.count_rows(of) == 15


def test_the_points_are_the_sample_stretched() -> None:
    of = study(design={"method": "sobol", "samples": 8}, factors=RANGES)
    found = designs.points(of)
    expected = designs.unit_sample(of) * [1.5, 108.0] + [0.5, 12.0]
    assert np.allclose(found[["lender_capital", "loan_tenor"]], expected, rtol=1e-14)
    assert designs.problem(of)["names"] == ["lender_capital", "loan_tenor"]
    pd.testing.assert_frame_equal(found, designs.points(of))
    with pytest.raises(BadInput, match="design 'grid' is not a sampled one"):
        designs.unit_sample(study())


def test_a_table_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(
        "\ufefflender_capital, scenario ,policy\n1,baseline,none\n\n2,r2_obsolescence,a\n"
    )
    (tmp_path / "x.toml").write_text('[design]\nmethod="table"\nfile="points.csv"\n[policies.a]\nmax_ltv=0.5\n')
    found = designs.points(load(tmp_path / "x.toml"))
    assert found["lender_capital"].tolist() == [1.0, 2.0]
    assert found["policy"].tolist() == ["none", "a"]


def test_seeds_are_shared_by_all_points_unless_unpaired() -> None:
    paired = study(seed=5, replicates=3)
    assert [[seed_of(paired, point, r) for r in range(3)] for point in range(2)] == [[5, 6, 7]] * 2
    unpaired = study(seed=5, replicates=3, paired=False)
    seeds = [seed_of(unpaired, point, r) for point in range(20) for r in range(3)]
    assert len(set(seeds)) == 60
    assert all(0 <= seed < 2**62 for seed in seeds)


def test_too_many_runs_are_refused_before_they_are_made() -> None:
    with pytest.raises(BadInput, match="20,000,000 runs; at most 10,000,000"):
        designs.points(study(factors={"lender_capital": [1, 2]}, replicates=10_000_000))


def test_the_documentation_lists_the_designs_as_they_are() -> None:
    page = (Path(designs.__file__).parent / "STUDIES.md").read_text(encoding="utf-8")
    assert designs.documented(page) == page, "run: python -m experiments.designs"
    assert all(f'\n| `"{name}"` | ' in page for name in designs.DESIGNS)


def test_a_report_knows_designs_by_what_they_answer_only() -> None:
    rows = np.arange(8)
    kept = {name: design.describes(design.model_construct(), rows, 2) for name, design in designs.DESIGNS.items()}
    assert not kept.pop("morris").any()
    assert kept.pop("sobol").tolist() == [True, False, False, True] * 2
    assert all(mask.all() for mask in kept.values())
    assert [name for name, design in designs.DESIGNS.items() if design.drawn] == ["lhs", "sobol", "morris"]
