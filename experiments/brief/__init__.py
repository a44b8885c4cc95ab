"""One page a board can read: the founding document answered point by point, over worlds."""
