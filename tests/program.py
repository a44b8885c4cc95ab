"""The program as a process of its own, whose answer to Ctrl-C is not that of who runs the tests."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

PROGRAM = [sys.executable, "-c", "from experiments.cli import main; main()"]


def hears_ctrl_c() -> None:
    """In the child: Ctrl-C is as at a terminal, also where the tests themselves run under `nohup` or behind `&`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def deaf_to_ctrl_c() -> None:
    """In the child: Ctrl-C is ignored, as under `nohup` and for what a script starts behind `&`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def started(*words: object, deaf: bool = False, **options: Any) -> subprocess.Popen[str]:
    """`invisible-debt` with these words; what it says can be read with `communicate`."""
    return subprocess.Popen(
        [*PROGRAM, *(str(word) for word in words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=deaf_to_ctrl_c if deaf else hears_ctrl_c,
        **options,
    )
