"""One compiled function out of many: the k-th of a list is called by its code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from abm.engine.compiled import jit


def by_code(name: str, functions: Sequence[Callable[..., Any]], module: str) -> Any:
    """A rule that takes a code and passes the rest of its arguments to the function of that number.

    Numba cannot call an element of a list of functions that it has not compiled yet; a chain of comparisons, written
    out here, it compiles like any other rule.

    Parameters
    ----------
    name : str
        Of the rule.
    functions : sequence of callable
        Compiled rules of the same parameters; a code without a function does nothing.
    module : str
        Name of the module that owns the rule.
    """
    arguments = ", ".join(inspect.signature(getattr(functions[0], "py_func", functions[0])).parameters)
    lines = [f"def {name}(code, {arguments}):"]
    known: dict[str, Any] = {}
    for code, function in enumerate(functions):
        called = getattr(function, "py_func", function).__name__
        known[called] = function
        lines += [f"    {'elif' if code else 'if'} code == {code}:", f"        {called}({arguments})"]
    # The file is named so that the compiler's cache finds it.
    exec(compile("\n".join(lines), __file__, "exec"), known)
    rule = known[name]
    rule.__module__ = module
    return jit(rule)
