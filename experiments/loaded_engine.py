"""Importing this loads the compiled engine, so that processes forked afterwards have it from the start."""

from __future__ import annotations

from abm.simulation import open_economy

open_economy(panel=False, central=True).run(1)
