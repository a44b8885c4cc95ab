"""Contagion in financial networks: exact clearing, default cascades, fire sales, look-through debt.

The public names are loaded on first use: the month needs `rows` only, and SciPy takes longer to load than a run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.contagion.attribution import attribute_debt
    from abm.contagion.audit import (
        AuditFailed,
        GlassermanYoung,
        GlassermanYoungLosses,
        glasserman_young_audit,
        glasserman_young_losses,
    )
    from abm.contagion.cascade import CascadeTree, Default, Parent
    from abm.contagion.cleared import NetworkClearing, NetworkStress
    from abm.contagion.clearing import (
        Clearing,
        ClearingScratch,
        TieredClearing,
        clear,
        clear_rows,
        clear_tiers,
        clearing_scratch,
    )
    from abm.contagion.cross_holdings import clear_cross_holdings
    from abm.contagion.deleveraging import Vulnerability, vulnerability
    from abm.contagion.distress import DebtRank, debtrank
    from abm.contagion.forced_sales import FireSale, fire_sales
    from abm.contagion.large_networks import Resilience, resilience
    from abm.contagion.network import Network
    from abm.contagion.neva import (
        Books,
        EquityFixedPoint,
        Valuation,
        equity_fixed_point,
        value_before_maturity,
        value_debtrank,
        value_eisenberg_noe,
        value_furfine,
    )
    from abm.contagion.reading import read_network
    from abm.contagion.thresholds import Cascade, Furfine, exact, furfine, gai_kapadia, needs, spread, watts

__all__ = [
    "AuditFailed",
    "Books",
    "Cascade",
    "CascadeTree",
    "Clearing",
    "ClearingScratch",
    "DebtRank",
    "Default",
    "EquityFixedPoint",
    "FireSale",
    "Furfine",
    "GlassermanYoung",
    "GlassermanYoungLosses",
    "Network",
    "NetworkClearing",
    "NetworkStress",
    "Parent",
    "Resilience",
    "TieredClearing",
    "Valuation",
    "Vulnerability",
    "attribute_debt",
    "clear",
    "clear_cross_holdings",
    "clear_rows",
    "clear_tiers",
    "clearing_scratch",
    "debtrank",
    "equity_fixed_point",
    "exact",
    "fire_sales",
    "furfine",
    "gai_kapadia",
    "glasserman_young_audit",
    "glasserman_young_losses",
    "needs",
    "read_network",
    "resilience",
    "spread",
    "value_before_maturity",
    "value_debtrank",
    "value_eisenberg_noe",
    "value_furfine",
    "vulnerability",
    "watts",
]

_WHERE = {  # module: its names
    "attribution": "attribute_debt",
    "audit": "AuditFailed GlassermanYoung GlassermanYoungLosses glasserman_young_audit glasserman_young_losses",
    "cascade": "CascadeTree Default Parent",
    "cleared": "NetworkClearing NetworkStress",
    "clearing": "Clearing ClearingScratch TieredClearing clear clear_rows clear_tiers clearing_scratch",
    "cross_holdings": "clear_cross_holdings",
    "deleveraging": "Vulnerability vulnerability",
    "distress": "DebtRank debtrank",
    "forced_sales": "FireSale fire_sales",
    "large_networks": "Resilience resilience",
    "network": "Network",
    "neva": "Books EquityFixedPoint Valuation equity_fixed_point value_before_maturity value_debtrank"
    " value_eisenberg_noe value_furfine",
    "reading": "read_network",
    "thresholds": "Cascade Furfine exact furfine gai_kapadia needs spread watts",
}
_MODULES = {name: module for module, names in _WHERE.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _MODULES:
        raise AttributeError(f"module 'abm.contagion' has no attribute '{name}'")
    return getattr(import_module(f"abm.contagion.{_MODULES[name]}"), name)
