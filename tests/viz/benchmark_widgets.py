"""Frames a second of the network and the charts in headless Chromium: `python tests/viz/benchmark_widgets.py`."""

from __future__ import annotations

import shutil
import sys
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright
from widget_stage import ARGUMENTS, Stage, encoded, staged

from viz.widgets import ChartData, Charts, NetworkView, network_firms, network_frame

SECONDS = 6
KINDS = ("lender", "vehicle", "neocloud", "hyperscaler", "lab", "vendor")
# Hands frames to the widget at an even pace, as the page does, and counts what it paints meanwhile.
PLAY = """async ([frames, seconds, pace]) => {
  frames = unpack(frames);
  const root = document.querySelector(".iv");
  const painted = () => Number(root.dataset.drawn ?? 0);
  const busy = [];
  const watcher = new PerformanceObserver((list) => busy.push(...list.getEntries().map((one) => one.duration)));
  watcher.observe({entryTypes: ["longtask"]});
  const began = performance.now();
  const before = painted();
  let given = 0;
  while (performance.now() - began < 1000 * seconds) {
    for (const [trait, value] of Object.entries(frames[given % frames.length])) model.take(trait, value);
    given += 1;
    const due = began + given * pace;
    await new Promise((done) => setTimeout(done, Math.max(0, due - performance.now())));
  }
  const took = (performance.now() - began) / 1000;
  return {given: given / took, painted: (painted() - before) / took, longest: Math.max(0, ...busy)};
}"""


def network(firms: int, edges: int) -> tuple[NetworkView, list[dict[str, Any]]]:
    """A network of a size, and 40 months of it with a cascade now and then."""
    rng = np.random.default_rng(1)
    kinds = rng.integers(0, len(KINDS), firms)
    names = [f"Firm {i}" for i in range(firms)]
    held = network_firms(names, [KINDS[k] for k in kinds], kinds / (len(KINDS) - 1), rng.random(firms))
    size = rng.lognormal(2.0, 1.5, firms)
    ends = rng.integers(0, firms, (2, edges))
    kind = rng.integers(0, 4, edges)
    amount = rng.lognormal(0.0, 1.5, edges)
    frames = []
    for month in range(40):
        losses = [
            {"source": int(s), "target": int(t), "channel": "counterparty", "amount": 1.0} for s, t in ends.T[:30]
        ]
        cascade = [{"round": 1, "firms": [int(ends[0, 0])], "edges": losses}] if month % 20 == 10 else []
        size = size * rng.lognormal(0.01, 0.05, firms)
        amount = amount * rng.lognormal(0.0, 0.1, edges)
        health = (rng.random(firms) < 0.1).astype(int)
        frames.append(network_frame(month, f"month {month}", size, health, *ends, kind, amount, cascade))
    return NetworkView(firms=held, frame=frames[0]), frames


def measured(stage: Stage, states: list[dict[str, Any]], pace: float) -> dict[str, float]:
    """Play states at a pace (ms) on the page."""
    return stage.page.evaluate(PLAY, [[encoded(state) for state in states], SECONDS, pace])


def main() -> None:
    """Print a table."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        sys.exit("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        print(f"{'network at 20 frames a second':34} {'frames':>8} {'painted':>8} {'longest pause':>14}")
        for firms, edges in ((60, 200), (500, 2000), (1000, 4000)):
            widget, frames = network(firms, edges)
            with staged(browser) as stage:
                stage.show(widget)
                told = measured(stage, [{"frame": frame} for frame in frames], 50.0)
            rates = f"{told['given']:8.1f} {told['painted']:8.1f} {told['longest']:11.0f} ms"
            print(f"{firms:6} firms {edges:6} edges{'':10} {rates}")
        columns = [f"c{i}" for i in range(16)]
        panels = [
            {"title": f"Panel {i}", "unit": "bn", "series": [{"name": c, "column": c} for c in pair]}
            for i, pair in enumerate(zip(columns[::2], columns[1::2], strict=True))
        ]
        for months in (96, 1200, 5000):
            values = {c: np.cumsum(np.random.default_rng(2).normal(size=months + 200)) for c in columns}
            charts = Charts(panels=panels, data=ChartData("a", 1, {c: v[:months] for c, v in values.items()}))
            with staged(browser) as stage:
                stage.show(charts)
                tails = []
                for more in range(1, 200):
                    charts.data = ChartData("a", 1, {c: v[: months + more] for c, v in values.items()})
                    tails.append({"tail": charts.tail, "cursor": months + more})
                told = measured(stage, tails[:119], 50.0)
            print(f"{8:6} charts {months:6} months{'':8} {told['given']:8.1f} {'':8} {told['longest']:11.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
