"""A small page that runs one widget's real module on a stand-in for its model, without Solara."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anywidget
from playwright.sync_api import Browser, BrowserContext, Page

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
ORIGIN = "http://widgets.test"
SHEET = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>widget</title><style>body {margin: 0; padding: 12px; background: #fff; font-family: sans-serif}
body.dark {background: #0b1016}</style><div id="here"></div></html>"""
# The model as anywidget hands it to a module: get, set, on, off, send, save_changes.
MODEL = """
window.unpack = (value) => {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  if ("__bytes" in value) {
    const text = atob(value.__bytes);
    return new DataView(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unpack(one)]));
};
class Model {
  constructor(state) { this.state = unpack(state); this.heard = {}; this.sent = []; this.saved = 0; }
  get(name) { return this.state[name]; }
  set(name, value) { this.state[name] = value; }
  save_changes() { this.saved += 1; }
  send(message) { this.sent.push(message); }
  on(event, act) { (this.heard[event] ??= new Set()).add(act); }
  off(event, act) { this.heard[event]?.delete(act); }
  listeners() { return Object.values(this.heard).reduce((sum, acts) => sum + acts.size, 0); }
  receive(message) { for (const act of this.heard["msg:custom"] ?? []) act(unpack(message), []); }
  take(name, value) {
    this.state[name] = value;
    for (const act of this.heard[`change:${name}`] ?? []) act();
  }
  update(state) { for (const [name, value] of Object.entries(unpack(state))) this.take(name, value); }
}
window.start = async (text, style, state, late) => {
  document.head.append(Object.assign(document.createElement("style"), {textContent: style}));
  const url = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
  let widget = (await import(url)).default;
  if (typeof widget === "function") widget = await widget();
  window.model = new Model(state);
  document.body.classList.toggle("dark", Boolean(state.dark));
  const stopModel = await widget.initialize?.({model: window.model});
  const el = document.createElement("div");
  const here = document.getElementById("here");
  if (!late) here.append(el);
  const stopView = await widget.render({model: window.model, el});
  await new Promise((done) => setTimeout(done, late));
  here.append(el);
  window.stop = () => { stopView?.(); stopModel?.(); };
};
"""


def encoded(value: Any) -> Any:
    """State of a widget as JSON can carry it."""
    if isinstance(value, bytes | memoryview):
        return {"__bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, dict):
        return {name: encoded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(one) for one in value]
    return value


class Stage:
    """A page with one widget on it; `mistakes` are its errors and warnings, and whatever it tried to fetch."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.mistakes: list[str] = []
        page.on("console", lambda m: self.mistakes.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        page.route("**/*", self._answer)
        page.add_init_script(MODEL)
        page.goto(ORIGIN)

    def _answer(self, route: Any) -> None:
        if route.request.url.rstrip("/") == ORIGIN:
            route.fulfill(body=SHEET, content_type="text/html")
            return
        self.mistakes.append(f"fetched {route.request.url}")
        route.abort()

    def show(self, widget: anywidget.AnyWidget, late: int = 0) -> None:
        """Put a widget on the page as its Python side stands, its element some ms after it was rendered."""
        state = widget.get_state()
        names = [name for name in state if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")]
        kept = {name: encoded(state[name]) for name in names}
        style = getattr(widget, "_css", "")
        self.page.evaluate("(given) => start(...given)", [widget._esm, style, kept, late])

    def update(self, **traits: Any) -> None:
        """Set traits as Python would."""
        self.page.evaluate("(state) => model.update(state)", encoded(traits))

    def value(self, trait: str) -> Any:
        """A trait as the browser has it."""
        return json.loads(self.page.evaluate("(name) => JSON.stringify(model.get(name) ?? null)", trait))


@contextmanager
def staged(browser: Browser, width: int = 1280, height: int = 900, **options: Any) -> Iterator[Stage]:
    """A fresh page of the size given; options as `Browser.new_context` takes them."""
    context: BrowserContext = browser.new_context(viewport={"width": width, "height": height}, **options)
    try:
        yield Stage(context.new_page())
    finally:
        context.close()
