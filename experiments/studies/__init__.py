"""Ready studies: one TOML file a question; `python -m experiments.studies` runs them and writes the answers."""
