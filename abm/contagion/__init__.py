"""Contagion in financial networks: exact clearing, default cascades, fire sales, look-through debt."""

from abm.contagion.clearing import ClearingScratch, clear_rows, clearing_scratch

__all__ = ["ClearingScratch", "clear_rows", "clearing_scratch"]
