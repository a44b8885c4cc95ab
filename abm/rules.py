"""Decision rules by name, and an engine in which some of them are replaced.

Every rule is a short function of the state and a row. A replacement takes the same arguments; compiled with
`abm.engine.compiled.jit` (or `numba.njit`) the whole engine stays compiled, as a plain Python function the months
that call it run at Python speed, while everything that does not depend on it stays compiled.
"""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numba

from abm.agents import entrant, firm, hyperscaler, lab, lender, neocloud, payouts, project, provider, vendor
from abm.distress import funding
from abm.errors import BadInput
from abm.inputs.parameters import nearest
from abm.markets import ratings
from abm.month import run_months

RULES: dict[str, Any] = {
    "set_price": lab.set_price,
    "plan_training": lab.plan_training,
    "plan_capacity": lab.plan_capacity,
    "plan_framework": lab.plan_framework,
    "affordable_commitment": lab.affordable_commitment,
    "deal_odds": lab.deal_odds,
    "plan_own_fleet": lab.plan_own_fleet,
    "offered_equity": lab.offered_equity,
    "seek_equity": lab.seek_equity,
    "value_lab": lab.value_lab,
    "choose_tenor": lab.choose_tenor,
    "walks_away": lab.walks_away,
    "grow_overhead": lab.grow_overhead,
    "rescue_odds": lab.rescue_odds,
    "seek_rescue": lab.seek_rescue,
    "drops_contract": firm.drops_contract,
    "release_model": entrant.release_model,
    "quote_contract": neocloud.quote_contract,
    "growth_over": provider.growth_over,
    "expected_return": provider.expected_return,
    "spare_cash": provider.spare_cash,
    "hurries": provider.hurries,
    "part_to_build": provider.part_to_build,
    "plan_orders": neocloud.plan_orders,
    "seek_growth_equity": neocloud.seek_growth_equity,
    "accept_renegotiation": neocloud.accept_renegotiation,
    "plan_fleet": hyperscaler.plan_fleet,
    "rivals_pace": hyperscaler.rivals_pace,
    "debt_room": hyperscaler.debt_room,
    "capex_budget": hyperscaler.capex_budget,
    "seek_bonds": hyperscaler.seek_bonds,
    "off_balance_share": project.off_balance_share,
    "lease_rent": project.lease_rent,
    "completes": project.completes,
    "sweep_project": project.sweep_project,
    "judge": ratings.judge,
    "accepts_kind": lender.accepts_kind,
    "price_loan": lender.price_loan,
    "size_loan": lender.size_loan,
    "debt_capacity": lender.debt_capacity,
    "accept_amendment": lender.accept_amendment,
    "accept_exchange": lender.accept_exchange,
    "swing_appetite": lender.swing_appetite,
    "rebuild_capital": lender.rebuild_capital,
    "set_markup": vendor.set_markup,
    "plan_supply": vendor.plan_supply,
    "is_due": vendor.is_due,
    "offer_vendor_finance": vendor.offer_vendor_finance,
    "find_money": funding.find_money,
    "fund_lender": funding.fund_lender,
    "pay_owners": payouts.pay_owners,
}


def _plain(function: Any) -> FunctionType:
    """The Python function behind a compiled one."""
    return getattr(function, "py_func", function)


def interpreted(function: Any) -> Any:
    """A rule of the engine with everything it calls, as plain Python: the same numbers, and a debugger can step in.

    Parameters
    ----------
    function : callable
        Compiled or not.

    Examples
    --------
    >>> from abm.instruments.annuity import annuity
    >>> interpreted(annuity)(0.0, 60.0)
    0.016666666666666666
    """
    return _interpreted(_plain(function))


@functools.cache
def _interpreted(function: FunctionType) -> FunctionType:
    """A copy of a function that calls copies of what it calls, made once."""
    below = {name: interpreted(value) for name, value in _callees(function).items()}
    copy = FunctionType(function.__code__, {**function.__globals__, **below}, function.__name__)
    copy.__defaults__ = function.__defaults__
    copy.__doc__, copy.__module__ = function.__doc__, function.__module__
    return copy


def _callees(function: FunctionType) -> dict[str, Any]:
    """Functions of this package that a function calls, by the global name it calls them by."""
    found = {}
    # Not `co_names`: it also holds attributes, and `market.month` is not the function `month`.
    for name in {step.argval for step in dis.get_instructions(function) if step.opname == "LOAD_GLOBAL"}:
        value = function.__globals__.get(name)
        plain = _plain(value)
        if isinstance(plain, FunctionType) and plain.__module__.startswith("abm."):
            found[name] = value
    return found


def engine(replaced: Mapping[str, Callable[..., Any]] | None = None) -> Callable[[Any, int], int]:
    """The compiled run, with some decision rules replaced.

    Parameters
    ----------
    replaced : mapping of str to callable, optional
        Rule names (the keys of `RULES`) and functions with the same parameters.

    Returns
    -------
    callable
        ``run(state, months) -> months run``, as `abm.month.run_months`.

    Raises
    ------
    BadInput
        For a name that is no rule or a function with another number of parameters.
    """
    return _linked(tuple(sorted((replaced or {}).items(), key=lambda item: item[0])))


@functools.lru_cache(maxsize=32)  # linking compiles anew what calls a replaced rule: once is enough for many runs
def _linked(replaced: tuple[tuple[str, Callable[..., Any]], ...]) -> Callable[[Any, int], int]:
    """The engine of these replacements, linked and compiled once."""
    if not replaced:
        return run_months
    swap: dict[FunctionType, Any] = {}
    for name, function in replaced:
        if name not in RULES:
            raise BadInput(f"there is no rule '{name}'{nearest(name, RULES)} (rules: {', '.join(RULES)})")
        wanted = list(inspect.signature(_plain(RULES[name])).parameters)
        if not callable(function) or len(inspect.signature(_plain(function)).parameters) != len(wanted):
            raise BadInput(f"rule '{name}' must be a function of ({', '.join(wanted)})")
        swap[_plain(RULES[name])] = function
    compiled = all(hasattr(function, "py_func") for _, function in replaced)
    done: dict[FunctionType, Any] = {}

    def relink(function: Any) -> Any:
        """The function with every replaced rule below it swapped; itself if there is none."""
        plain = _plain(function)
        if plain in swap:
            return swap[plain]
        if plain not in done:
            below = {name: relink(value) for name, value in _callees(plain).items()}
            changed = {name: new for name, new in below.items() if new is not plain.__globals__[name]}
            if changed:
                copy = FunctionType(plain.__code__, {**plain.__globals__, **changed}, plain.__name__)
                copy.__defaults__ = plain.__defaults__
                done[plain] = numba.njit(nogil=True, error_model="numpy")(copy) if compiled else copy
            else:
                done[plain] = function
        return done[plain]

    return relink(run_months)
