"""Whether a study is finished, told without loading the engine: by hashes of what was asked and of what is there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from abm.errors import InvisibleDebtError
from abm.inputs.toml_lines import read_text
from experiments.code import code_hash
from experiments.folders import read_manifest
from experiments.sealed import check_manifest, faults

FORMAT = "invisible-debt sweep 2"


def what_was_asked(text: str, folder: Path, named: Sequence[str], opening: str | None) -> dict[str, Any]:
    """Hashes of a study file and of all that it names.

    Parameters
    ----------
    text : str
        Of the file.
    folder : Path
        From which its paths are read.
    named : sequence of str
        Files it names.
    opening : str or None
        Folder it opens from, if that is one of the user's.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    found = {given: hashlib.sha256((folder / given).read_bytes()).hexdigest() for given in named}
    tables = {}
    if opening is not None:
        files = [file for file in sorted((folder / opening).iterdir()) if file.suffix in (".csv", ".toml")]
        tables = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    text_hash = hashlib.sha256(text.encode()).hexdigest()
    return {"text": text_hash, "named": found, "opening": opening, "tables": tables}


def known_finished(study: Path, out: Path) -> dict[str, Any] | None:
    """The manifest of a folder that holds all of this very study file, without a failed run, every byte in its place.

    Parameters
    ----------
    study, out : Path
        Study file and folder of results.

    Returns
    -------
    dict or None
        None where it is not so, or cannot be told without looking closer.
    """
    try:
        manifest = read_manifest(out, FORMAT)
        check_manifest(out, manifest)
        asked = manifest["asked"]
        same = (
            asked is not None
            and manifest["state"] == "finished"
            and manifest["failures"] == 0
            and manifest["code_hash"] == code_hash()
            and manifest["study"]["name"] == study.stem
            and asked == what_was_asked(read_text(study, "study"), study.parent, list(asked["named"]), asked["opening"])
        )
        return manifest if same and not faults(out, manifest["files"]) else None
    except (InvisibleDebtError, OSError, KeyError, TypeError):
        return None
