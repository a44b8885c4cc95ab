"""`invisible-debt view`: mistakes are one sentence and leave with 2."""

import pytest
from typer.testing import CliRunner

from experiments.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no_such_story"], "unknown scenario"),
        (["--port", "0"], "port"),
        (["--port", "99999"], "port"),
        (["--seed", "-1"], "seed"),
        (["--sessions", "0"], "sessions"),
        (["--host", "no such host"], "cannot listen on"),
    ],
)
def test_mistakes(words, said):
    result = CliRunner().invoke(main, ["view", *words])
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
