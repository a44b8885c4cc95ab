"""Result hashes of every scenario over five seeds, to compare two versions of the model.

    python tests/fingerprints.py --out before.json        # in the one checkout
    python tests/fingerprints.py --against before.json    # in the other: prints what differs, exit code 1 if anything

A change that only moves or speeds up leaves all of them; a change of a rule says in the changelog which and why.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from abm import open_economy
from abm.inputs.scenarios import load, names

SEEDS, MONTHS = range(1, 6), 96


def fingerprints() -> dict[str, str]:
    """Hash by scenario and seed."""
    found = {}
    for name in names():
        for seed in SEEDS:
            economy = open_economy(load(name), seed=seed)
            economy.run(MONTHS)
            found[f"{name}, seed {seed}"] = economy.result_hash()
    return found


def main() -> int:
    """Write them, or compare them with those of another version."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, help="file to write")
    options.add_argument("--against", type=Path, help="file of another version")
    given = options.parse_args()
    found = fingerprints()
    if given.out:
        given.out.write_text(json.dumps(found, indent=1))
    if given.against is None:
        return 0
    other = json.loads(given.against.read_text())
    differ = [run for run in found if other.get(run) != found[run]]
    print(f"{len(found) - len(differ)} of {len(found)} runs have the same bytes")
    for run in differ:
        print(f"  differs: {run}")
    return bool(differ)


if __name__ == "__main__":
    sys.exit(main())
