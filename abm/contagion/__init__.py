"""Contagion in financial networks: exact clearing, default cascades, fire sales, look-through debt."""

from abm.contagion.audit import AuditFailed, GlassermanYoung, glasserman_young_audit
from abm.contagion.clearing import (
    Clearing,
    ClearingScratch,
    TieredClearing,
    clear,
    clear_rows,
    clear_tiers,
    clearing_scratch,
)

__all__ = [
    "AuditFailed",
    "Clearing",
    "ClearingScratch",
    "GlassermanYoung",
    "TieredClearing",
    "clear",
    "clear_rows",
    "clear_tiers",
    "clearing_scratch",
    "glasserman_young_audit",
]
