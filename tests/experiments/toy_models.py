"""Functions that tests sweep over: cheap, and some of them ill-behaved on request."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

SECONDS = 0.001
LOG = Path(__file__).with_suffix(".log")


def wave(settings: Mapping[str, float], seed: int) -> float:
    """A number that depends on everything."""
    return settings["x"] ** 2 + 0.1 * seed


def slow_wave(settings: Mapping[str, float], seed: int) -> float:
    """The same, after a while, and a line in a log beside this file every time it is asked."""
    with LOG.open("a") as log:
        log.write(f"{settings['x']:.0f}\n")
    time.sleep(SECONDS)
    return wave(settings, seed)


def fails_above_two(settings: Mapping[str, float], seed: int) -> float:
    """Wave, unless x is above 2."""
    if settings["x"] > 2.0:
        raise ZeroDivisionError("x is above 2")
    return wave(settings, seed)


def kills_its_worker(settings: Mapping[str, float], seed: int) -> float:
    """Wave; at x = 1 the process dies the first time only, at x = 3 every time."""
    marker = Path(__file__).with_suffix(".died")
    if settings["x"] == 3.0 or (settings["x"] == 1.0 and not marker.exists()):
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return wave(settings, seed)


def two_numbers(settings: Mapping[str, float], seed: int) -> dict[str, float]:
    """Two outcomes."""
    return {"a": settings["x"], "b": float(seed)}


def misbehaves(settings: Mapping[str, float], seed: int) -> float:
    """Wave; at x = 1 the process dies, at x = 2 it hangs, at x = 3 it eats memory without end."""
    if settings["x"] == 1.0:
        os.kill(os.getpid(), signal.SIGKILL)
    if settings["x"] == 2.0:
        time.sleep(3600)
    eaten = []
    while settings["x"] == 3.0:
        eaten.append(b"x" * 50_000_000)
        time.sleep(0.01)
    return wave(settings, seed)


def needs_a_file(settings: Mapping[str, float], seed: int) -> float:
    """Slow wave; at odd x it fails until there is a file `needed` beside this one."""
    if settings["x"] % 2.0 == 1.0 and not Path(__file__).with_name("needed").exists():
        LOG.touch()
        raise FileNotFoundError(f"x is {settings['x']:.0f}")
    return slow_wave(settings, seed)
