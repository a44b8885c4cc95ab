"""`python -m experiments.reproductions`: the command without the rest of the program."""

import typer

from experiments.reproductions.command import reproduce

typer.run(reproduce)
