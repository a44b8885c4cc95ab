"""Which worlds could be ours: draws of what is believed, held against what is known, and those kept that agree.

History matching (Craig, Goldstein, Seheult and Smith 1997, "Pressure matching for hydrocarbon reservoirs"; Vernon,
Goldstein and Bower 2010, "Galaxy formation: a Bayesian uncertainty analysis", Bayesian Analysis 5). There is no
emulator: the model is fast enough to run every draw, so that rejection is exact.

`observe` runs a draw, `targets` says what it is held against, `plausible` how far it may be off, `synthetic` tests
that on worlds whose truth is known, `learnt` says what the data tell and what they do not, `studies` makes the runs.
"""
