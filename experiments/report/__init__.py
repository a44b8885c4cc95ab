"""The report of a study: what its runs say, as numbers and as one page."""
