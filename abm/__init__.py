"""Invisible Debt: abm."""
