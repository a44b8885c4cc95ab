"""The commands of `invisible-debt`, one file each; `experiments.cli` lists them."""
