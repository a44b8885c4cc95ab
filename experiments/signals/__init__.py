"""Early signs of a crisis, worlds in which the debt was an investment, and the smallest shock that ends one."""
