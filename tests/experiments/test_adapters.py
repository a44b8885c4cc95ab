"""The model as calibration libraries and Mesa's batch runner want it: the same numbers as the model itself."""

import multiprocessing
import pickle
from collections.abc import Iterator

import mesa
import numpy as np
import pytest

from abm import open_economy
from abm.errors import BadInput
from abm.inputs.scenarios import load
from experiments import calibration_function
from experiments.mesa_batch import BatchModel


def test_calibration_function_is_the_model() -> None:
    f = calibration_function(
        ["lender_capital", "demand_growth"], ["ai_debt", "defaults"], scenario="r1_demand_disappoints",
        parameters={"loan_tenor": 48},
    )  # fmt: skip
    found = f(np.array([0.8, 1.1]), 12, 7)
    chosen = {"lender_capital": 0.8, "demand_growth": 1.1, "loan_tenor": 48}
    economy = open_economy(load("r1_demand_disappoints"), parameters=chosen, seed=7)
    economy.run(12)
    series = economy.rows("series")
    assert found.tolist() == [[float(row["ai_debt"]), float(row["defaults"])] for row in series]
    again = pickle.loads(pickle.dumps(f))  # calibrators hand it to other processes
    assert again([0.8, 1.1], 12, 7).tolist() == found.tolist()
    assert f([0.8, 1.1], 12, 8).tolist() != found.tolist()
    assert f.bounds.tolist() == [[0.05, 0.0], [5.0, 3.0]]


def test_calibration_function_can_be_central() -> None:
    drawn, central = (calibration_function(["lender_capital"], ["ai_debt"], central=wanted) for wanted in (False, True))
    economy = open_economy(parameters={"lender_capital": 0.9}, seed=7, central=True)
    economy.run(3)
    assert central([0.9], 3, 7)[:, 0].tolist() == economy.rows("series")["ai_debt"].tolist()
    assert drawn([0.9], 3, 7).tolist() != central([0.9], 3, 7).tolist()


@pytest.mark.parametrize(
    ("names", "outputs", "held", "said"),
    [
        (["lender_capitol"], ["ai_debt"], {}, "did you mean 'lender_capital'"),
        (["lender_capital"], ["ai_dept"], {}, "did you mean 'ai_debt'"),
        ([], ["ai_debt"], {}, "at least one name"),
        ("lender_capital", ["ai_debt"], {}, "a list"),
        (["lender_capital"] * 2, ["ai_debt"], {}, "there twice"),
        (["lender_capital"], ["ai_debt"], {"lender_capital": 1.0}, "choose one"),
        (["lender_capital"], ["ai_debt"], {"loan_tenor": -1.0}, "must lie between"),
    ],
)
def test_mistakes_are_sentences(names: list[str], outputs: list[str], held: dict, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        calibration_function(names, outputs, parameters=held)


def test_wrong_theta_is_a_sentence() -> None:
    f = calibration_function(["lender_capital"], ["ai_debt"])
    with pytest.raises(BadInput, match="1 values"):
        f([1.0, 2.0], 3, 1)
    with pytest.raises(BadInput, match="must lie between"):
        f([99.0], 3, 1)


@pytest.fixture
def _start_method() -> Iterator[None]:
    """Mesa's batch runner sets it for good."""
    before = multiprocessing.get_start_method(allow_none=True)
    yield
    multiprocessing.set_start_method(before, force=True)


@pytest.mark.usefixtures("_start_method")
@pytest.mark.filterwarnings("ignore::FutureWarning:mesa")
def test_mesa_batch_run_gives_the_models_numbers() -> None:
    rows = mesa.batch_run(
        BatchModel, {"lender_capital": [0.8, 1.2], "scenario": "baseline"}, rng=[3, np.int64(4)], max_steps=6,
        data_collection_period=-1, display_progress=False,
    )  # fmt: skip
    assert [(row["lender_capital"], int(row["rng"])) for row in rows] == [(0.8, 3), (1.2, 3), (0.8, 4), (1.2, 4)]
    economy = open_economy(parameters={"lender_capital": 1.2}, seed=4)
    economy.run(6)
    for name in ("ai_debt", "lender_capital"):
        reported = rows[-1]["lender_capital_reported" if name == "lender_capital" else name]
        assert reported == economy.rows("series")[name][-1]
    assert BatchModel(rng=4).economy.world == economy.world
    assert BatchModel(rng=4, central=True).economy.world is None
    with pytest.raises(BadInput, match="did you mean 'lender_capital'"):
        BatchModel(lender_capitol=1.0)
    with pytest.raises(BadInput, match="whole numbers"):
        BatchModel(rng=None)  # type: ignore[arg-type]
