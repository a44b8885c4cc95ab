"""Downloads, and runs on disk."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import reacton.ipyvuetify as rv
import solara

from abm.errors import BadInput
from abm.simulation import Economy
from experiments import results
from viz.house import house
from viz.parts.markup import Explained, Html, Success, paragraph
from viz.plan import Plan
from viz.recording import Recorded, find_runs, open_single, open_swept
from viz.screen import Screen, use_report
from viz.session import Session


@solara.component
def Files(screen: Screen, on_note: Callable[[str], None]) -> None:  # noqa: N802
    """What the visitor can take away, and runs that can be opened."""
    report = use_report(screen, lambda r: (r.run, r.reach if not r.playing else -1))
    Explained("explained-files")
    if report is None:
        return
    plan, months = report.plan, max(report.reach, 1)
    stem = f"{plan.base.name}{'-changed' if plan.by_hand else ''}-seed{plan.seed}{'-central' if plan.central else ''}"
    with solara.Div(classes=["id-downloads"]):
        solara.FileDownload(plan.toml(), f"{stem}.toml", label="Scenario (TOML)", mime_type="application/toml")
        solara.FileDownload(aside(picture, plan, months), f"{stem}.png", label="Figure (PNG)", mime_type="image/png")
        solara.FileDownload(aside(months_csv, plan, months), f"{stem}.csv", label="Months (CSV)", mime_type="text/csv")
        solara.FileDownload(aside(months_parquet, plan, months), f"{stem}.parquet", label="Months (Parquet)")
        solara.FileDownload(aside(everything, plan, months), f"{stem}.zip", label="All tables (ZIP of Parquet)")
    span = f"the {months} months run so far" if months > 1 else "the first month"
    Html(paragraph(f"Tables and figure hold {span}.", "id-hint"))
    Open(screen.session, on_note)


@solara.component
def Open(session: Session, on_note: Callable[[str], None]) -> None:  # noqa: N802
    """Runs and sweeps in the results folder of the server."""
    root = house().runs
    looked, set_looked = solara.use_state(0)
    runs = solara.use_memo(lambda: find_runs(root), [looked, str(root)])
    # Read when the visitor acts, which may be before all he chose is rendered.
    chosen = solara.use_reactive("")
    number = solara.use_reactive("0")
    wrong = solara.use_ref(False)  # whether a mistake of these fields is being told

    def found() -> Recorded | None:
        return next((run for run in runs if run.name == chosen.value), None)

    def pick(field: solara.Reactive[str], value: str) -> None:
        field.set(value)
        if wrong.current:
            wrong.current = False
            on_note("")

    def show() -> None:
        wanted = found()
        if wanted is None:
            on_note("Choose a recorded run first.")
            return
        try:
            opened = open_swept(wanted.folder, number.value) if wanted.sweep else open_single(wanted.folder)
            same = opened.is_repeated()
        except BadInput as mistake:
            wrong.current = True
            on_note(str(mistake))
            return
        wrong.current = False
        session.choose(opened.plan, to_month=opened.plan.months)
        name = f"Run {number.value} of {wanted.name}" if wanted.sweep else wanted.name
        on_note(
            Success(f"{name} was run again: every number is the recorded one.") if same else
            f"{name} was run again, but this version of the program gives other numbers than those recorded."
        )  # fmt: skip

    Html(paragraph(f"Runs recorded in {root}", "id-sub"))
    with solara.Div(classes=["id-filters"]):
        rv.Select(
            label="A recorded run or sweep" if runs else "None found: invisible-debt run writes one",
            v_model=chosen.value,
            items=[{"text": run.words, "value": run.name} for run in runs], dense=True, outlined=True,
            hide_details=True, on_v_model=lambda name: pick(chosen, str(name)),
        )  # fmt: skip
        shown = found()
        rv.TextField(
            label="Run number", v_model=number.value, dense=True, outlined=True, hide_details=True, class_="id-short",
            disabled=shown is None or not shown.sweep, on_v_model=lambda text: pick(number, str(text)[:30]),
        )  # fmt: skip
        solara.Button("Open", on_click=show, disabled=not chosen.value, icon_name="mdi-folder-open")
        solara.Button("Refresh list", on_click=lambda: set_looked(looked + 1), text=True)


def aside(make: Callable[[Plan, int], bytes], plan: Plan, months: int) -> Callable[[], bytes]:
    """What makes a file, in a thread of its own: Solara's would follow every line, fifty times slower."""

    def wait() -> bytes:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(make, plan, months).result()

    return wait


def repeated(plan: Plan, months: int) -> Economy:
    """The run once more, with all that `invisible-debt run` records."""
    economy = plan.open()
    economy.run(months)
    return economy


def months_table(plan: Plan, months: int) -> pa.Table:
    """The table of months as `invisible-debt run` writes it."""
    return results.run_tables(repeated(plan, months))["aggregates"]


def months_csv(plan: Plan, months: int) -> bytes:
    """The aggregates as CSV."""
    out = io.BytesIO()
    csv.write_csv(months_table(plan, months), out)
    return out.getvalue()


def months_parquet(plan: Plan, months: int) -> bytes:
    """The aggregates as Parquet, with units."""
    out = io.BytesIO()
    pq.write_table(months_table(plan, months), out, compression="zstd")
    return out.getvalue()


def everything(plan: Plan, months: int) -> bytes:
    """A ZIP of the folder that `invisible-debt run` would write, and of the scenario file."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        results.write_run(
            repeated(plan, months), folder, scenario=plan.scenario(), changed={}, seed=plan.seed, months=months
        )
        (folder / "scenario.toml").write_text(plan.toml(), encoding="utf-8")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(folder.iterdir()):
                packed.write(path, path.name)
        return out.getvalue()


def picture(plan: Plan, months: int) -> bytes:
    """The figure that `invisible-debt run` would draw."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / results.FIGURE
        results.draw(repeated(plan, months), path, title=f"{plan.scenario().title} (seed {plan.seed})")
        return path.read_bytes()
