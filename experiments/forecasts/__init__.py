"""Forecasts on record: what the worlds say of the years after an opening, in the units in which the world reports."""
