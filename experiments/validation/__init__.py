"""The scorecard: opening, the year that is known, market view, analogues, stylised facts, published results."""
