"""The model compiled once, before tests run side by side: `python -m tests.compiling`.

Otherwise every process that needs it and does not find it would compile it, all at the same time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMPILE = [sys.executable, "-c", "from abm import open_economy; open_economy(central=True).run(1)"]


def warn_if_not_compiled(say: Callable[[str], object]) -> None:
    """Tell in one sentence what will take so long, if the model is not compiled.

    Parameters
    ----------
    say : callable
        Called with the sentence.
    """
    from abm.engine.compiled import is_compiled_already

    if not is_compiled_already():
        say("The model is compiled first, once: this takes a minute or two.")


def compile_once() -> bool:
    """Compile the model where it is not compiled; one process of this user does, others that ask meanwhile wait.

    Returns
    -------
    bool
        Whether it was compiled now.
    """
    import fcntl

    from abm.engine.compiled import is_compiled_already

    if is_compiled_already():
        return False
    lock = Path(tempfile.gettempdir()) / f"invisible-debt-tests-{os.getuid()}.lock"
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if is_compiled_already():
            return False
        subprocess.run(COMPILE, cwd=ROOT)  # if it cannot be compiled, the tests will say why
        return True


if __name__ == "__main__":
    warn_if_not_compiled(print)
    compile_once()
