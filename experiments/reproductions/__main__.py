"""`python -m experiments.reproductions`: short for `invisible-debt reproduce`."""

import sys

from experiments.cli import main

main(args=["reproduce", *sys.argv[1:]])
