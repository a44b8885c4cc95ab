"""What a rule that only calls others calls, in which order: every function it names is replaced by a recorder."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any


def calls(rule: Any, *arguments: Any, answer: Callable[[str, tuple[Any, ...]], Any] = lambda name, given: None) -> Any:
    """Run a rule with recorders for all it calls in this package.

    Parameters
    ----------
    answer : callable
        What a recorder returns, by the name it stands for and the arguments it got.

    Returns
    -------
    list of (str, tuple), and what the rule returned
        Names called and their arguments, in order.
    """
    plain = getattr(rule, "py_func", rule)
    made = []

    def recorder(name: str) -> Callable[..., Any]:
        def record(*given: Any) -> Any:
            made.append((name, given))
            return answer(name, given)

        return record

    below = {
        name: recorder(name)
        for name, value in plain.__globals__.items()
        if isinstance(getattr(value, "py_func", value), FunctionType) and value.__module__.startswith("abm.")
    }
    result = FunctionType(plain.__code__, plain.__globals__ | below, plain.__name__)(*arguments)
    return made, result
