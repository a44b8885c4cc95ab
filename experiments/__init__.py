"""Invisible Debt: experiments."""
