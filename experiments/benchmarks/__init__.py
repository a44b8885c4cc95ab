"""Speed, as ratios within one run: `python -m experiments.benchmarks.NAME` prints its table."""
