"""The findings of a report as plain data, for scripts."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from experiments.report.findings import Findings
from experiments.report.view import View


def as_data(view: View, found: Findings) -> dict[str, Any]:
    """The findings as JSON can say them.

    Parameters
    ----------
    view : View
    found : Findings

    Returns
    -------
    dict
        Numbers that are not finite become null; survival functions and the steps of scenario discovery are left out.
    """
    box = None if found.discovery is None else dataclasses.replace(found.discovery, path=())
    kept = {field.name: getattr(found, field.name) for field in dataclasses.fields(found) if field.name != "survivals"}
    data = {
        "study": view.study.name,
        "title": view.study.title,
        "compared": view.compared,
        "runs": len(view.runs),
    }
    return {**data, **_plain({**kept, "discovery": box, "crisis": None if found.crisis is None else str(found.crisis)})}


def _plain(value: Any) -> Any:
    """Dataclasses, named tuples and arrays as dicts, lists and numbers."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {" with ".join(key) if isinstance(key, tuple) else key: _plain(part) for key, part in value.items()}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
