"""Published results of the literature, reproduced by a command."""
