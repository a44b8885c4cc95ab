"""Invisible Debt: viz."""
