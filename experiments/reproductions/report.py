"""What a run of reproductions leaves on disk: one page, one table of results, one file a figure.

Every file but `run_times.json` depends only on the code and its seeds: the same bytes each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.folders import MANIFEST, same_recipe
from experiments.page import document, image
from experiments.reproductions.figures import png
from experiments.reproductions.intervals import LEVEL, SIGMAS
from experiments.reproductions.study import Outcome, Row, Study, Value

FORMAT = "invisible-debt reproductions 1"
PACKAGES = ("numpy", "scipy", "numba", "networkx", "matplotlib")


@dataclass(frozen=True)
class Done:
    """A study that was run.

    Parameters
    ----------
    study : Study
        What was asked for.
    outcome : Outcome
        What came out.
    seconds : float
        Wall-clock time it took.
    """

    study: Study
    outcome: Outcome
    seconds: float


def text_of(value: Value, digits: int = 6) -> str:
    """A value as one reads it: whole numbers whole, others to `digits` significant digits."""
    if isinstance(value, tuple):
        return ", ".join(text_of(part, digits) for part in value)
    if isinstance(value, bool | str):
        return str(value)
    return f"{value:.{digits}g}" if isinstance(value, float) else f"{value:,}"


def interval_of(row: Row) -> str:
    """The interval of a row as one reads it."""
    if isinstance(row.interval, str):
        return row.interval
    low, high = row.interval
    return f"[{low:.4g}, {high:.4g}]"


def sentence(row: Row) -> str:
    """A row in words: what is stated, by whom, what we find, and why it differs if it does."""
    held = "holds" if row.holds else "does not hold"
    why = "" if row.why == "none" else f". Why: {row.why}"
    stated = f"{row.stated} ({row.origin}{'' if row.published else ', not published'})"
    return f"{row.statement}: {held}. Stated: {stated}; ours: {text_of(row.ours, 4)} ({interval_of(row)}){why}"


def as_record(done: Done) -> dict[str, Any]:
    """One study's results as plain data, without its run time."""
    study, outcome = done.study, done.outcome
    return {
        "name": study.name,
        "title": study.title,
        "source": study.source,
        "holds": outcome.holds,
        "setup": [[s.symbol, s.meaning, s.value] for s in study.setup],
        "rows": [
            {
                "statement": row.statement,
                "stated": row.stated,
                "stated_by": row.origin,
                "published": row.published,
                "ours": list(row.ours) if isinstance(row.ours, tuple) else row.ours,
                "interval": row.interval if isinstance(row.interval, str) else list(row.interval),
                "holds": row.holds,
                "discrepancy_and_why": row.why,
            }
            for row in outcome.rows
        ],
        "missing_from_the_paper": list(study.missing),
        "curves": outcome.curves,
    }


def as_json(record: Any) -> str:
    """Plain data as indented JSON with its accents kept."""
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def counts(rows: Sequence[Row]) -> tuple[str, str]:
    """How many published statements hold, and how many checks and runs of our own, which no one has published."""
    published = [row.holds for row in rows if row.published]
    own = [row.holds for row in rows if not row.published]
    return tuple(f"{sum(part)} of {len(part)}" if part else "–" for part in (published, own))  # type: ignore[return-value]


def results_json(all_done: Sequence[Done], quick: bool) -> str:
    """Every study's results as JSON, without run times."""
    record = {"quick": quick, "level": LEVEL, "studies": [as_record(done) for done in all_done]}
    return as_json(record)


def may_replace(folder: Path, names: Sequence[str], quick: bool) -> None:
    """Refuse to replace a folder that is not a finished one of the same studies."""
    same_recipe(folder, FORMAT, {"studies": list(names), "quick": quick})


def write(all_done: Sequence[Done], folder: Path, quick: bool) -> None:
    """Write the page, the results, the figures, the run times and the manifest.

    Parameters
    ----------
    all_done : sequence of Done
        In the order of the page.
    folder : Path
        Empty; see `experiments.folders.new_folder`.
    quick : bool
        Whether fewer draws were made, which the page then says.
    """
    images = {done.study.name: png(done.outcome.figure) for done in all_done}
    results = results_json(all_done, quick).encode()
    page = html(all_done, images, hashlib.sha256(results).hexdigest(), quick)
    files = {"report.html": page.encode(), "results.json": results}
    files |= {f"figures/{name}.png": image for name, image in images.items()}
    (folder / "figures").mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    times = {done.study.name: round(done.seconds, 3) for done in all_done}
    (folder / "run_times.json").write_text(as_json(times))
    manifest = {
        "format": FORMAT,
        "studies": [done.study.name for done in all_done],
        "quick": quick,
        "versions": {name: version(name) for name in PACKAGES},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    (folder / MANIFEST).write_text(as_json(manifest))


def html(all_done: Sequence[Done], images: dict[str, bytes], fingerprint: str, quick: bool) -> str:
    """The page: one file that loads nothing else.

    Parameters
    ----------
    all_done : sequence of Done
        Studies in order.
    images : dict
        PNG of each study's figure, by the study's name.
    fingerprint : str
        Hash of the results file, printed at the head.
    quick : bool
        Whether fewer draws were made.
    """
    holding = sum(done.outcome.holds for done in all_done)
    warning = "<p class='no'>Quick run: a twentieth of the draws, wide intervals.</p>" if quick else ""
    overview = "".join(
        f"<tr><td><a href='#{escape(done.study.name)}'>{escape(done.study.name)}</a></td>"
        f"<td>{escape(done.study.title)}</td>"
        f"<td>{'</td><td>'.join(counts(done.outcome.rows))}</td>"
        f"<td>{verdict(done.outcome.holds)}</td></tr>"
        for done in all_done
    )
    title = "Published results, reproduced"
    body = f"""<h1>{title}</h1>
<p>{holding} of {len(all_done)} studies hold. Intervals cover {LEVEL:.0%}. A sampled value agrees with a
statement that lies within {SIGMAS:g} joint standard errors of it; an exact value agrees to the digits stated.
A study holds if all its statements do, those of its own checks and runs among them, which no one has published:
"stated by" says which they are. Seeds are fixed: this page has the same bytes each time (for the times of this run see
<code>run_times.json</code>).
SHA-256 of <code>results.json</code>: <code>{fingerprint}</code>.</p>{warning}
<div class="scroll"><table><tr><th>name</th><th>study</th>
<th>published statements that hold</th><th>own checks that hold</th><th>verdict</th></tr>
{overview}</table></div>
{"".join(section(done, images[done.study.name]) for done in all_done)}"""
    return document(title, body)


def verdict(holds: bool) -> str:
    """A marked word for whether something holds."""
    return "<span class='yes'>holds</span>" if holds else "<span class='no'>does not hold</span>"


def section(done: Done, picture: bytes) -> str:
    """One study's part of the page."""
    study, outcome = done.study, done.outcome
    rows = "".join(
        f"<tr><td>{escape(row.statement)}</td><td>{escape(row.stated)}</td><td>{escape(row.origin)}</td>"
        f"<td>{escape(text_of(row.ours))}</td><td>{interval_of(row)}</td><td>{escape(row.why)}</td><td>{verdict(row.holds)}</td></tr>"
        for row in outcome.rows
    )
    setup = "".join(
        f"<tr><td>{escape(s.symbol)}</td><td>{escape(s.meaning)}</td><td>{escape(s.value)}</td></tr>"
        for s in study.setup
    )
    missing = "".join(f"<li>{escape(item)}</li>" for item in study.missing) or "<li>nothing</li>"
    return f"""<h2 id="{escape(study.name)}">{escape(study.title)}</h2>
<p class="source">{escape(study.source)}. Command: <code>invisible-debt reproduce {escape(study.name)}</code>.
Run time: about {study.seconds} s on two cores.</p>
<p>{escape(study.question)}</p><p>{verdict(outcome.holds)}</p>
<div class="scroll"><table><tr><th>statement</th><th>stated</th><th>stated by</th><th>ours</th>
<th>interval</th><th>discrepancy and why</th><th></th></tr>{rows}</table></div>
{image(picture, f"Figure: {study.title}")}
<h3>Set-up</h3>
<div class="scroll"><table><tr><th>symbol</th><th>meaning</th><th>value</th></tr>{setup}</table></div>
<h3>Missing from the paper, and what is taken here</h3><ul>{missing}</ul>
"""
