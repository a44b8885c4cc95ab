"""One page a board can read: the client's document answered point by point, over worlds."""
