// The network's legend, whose line samples filter, and the same as a table for those who do not see pictures.

import { dollars, element, kindName, known, svg, told } from "./common.js";
import { EDGE_KINDS } from "./edges.js";
import { HEALTH, drawFirm, healthName } from "./marks.js";

const HEADINGS = ["firm", "kind", "size", "health", "owes", "owed"];

// Least amounts of a line that can be asked for (bn USD); fewer lines, the larger the least one.
const LEAST = [0, 0.1, 0.3, 1, 3, 10, 30, 100];

/** Fill the legend. `shown` tells which lines are drawn: the set `kinds`, and those of `least` bn on; `changed` is
 * called when the visitor changes it. */
export function drawLegend(legend, books, ink, shown, changed, table) {
  const lines = EDGE_KINDS.map((kind, k) => {
    const sample = svg("line", {
      x1: 0,
      y1: 5,
      x2: 30,
      y2: 5,
      stroke: `var(--iv-${kind.colour})`,
      "stroke-width": 3,
      "stroke-dasharray": kind.dash.map((part) => 1.4 * part).join(" "),
    });
    const picture = svg("svg", { width: 30, height: 10, "aria-hidden": "true" }, sample);
    const pressed = String(shown.kinds.has(k));
    const button = element(
      "button",
      { type: "button", "aria-pressed": pressed, title: told(`edge-${kind.name}-about`) },
      picture,
      told(`edge-${kind.name}`),
    );
    button.addEventListener("click", () => {
      if (!shown.kinds.delete(k)) shown.kinds.add(k);
      button.setAttribute("aria-pressed", String(shown.kinds.has(k)));
      changed();
    });
    return button;
  });
  const item = (text, kind, state) => {
    const picture = element("canvas", { width: 36, height: 36, class: "iv-legend-mark", "aria-hidden": "true" });
    const pen = picture.getContext("2d");
    pen.scale(2, 2);
    drawFirm(pen, ink, kind, state, 9, 9, 6);
    return element("span", { class: "iv-legend-item" }, picture, text);
  };
  const slider = element("input", { type: "range", min: 0, max: LEAST.length - 1, step: 1, class: "iv-least" });
  const bound = element("output", { class: "iv-least-told" });
  const name = () => {
    bound.textContent = shown.least ? told("picture-below", { amount: dollars(shown.least) }) : told("picture-all");
    slider.setAttribute("aria-valuetext", bound.textContent);
  };
  slider.setAttribute("aria-label", told("picture-least"));
  slider.value = String(Math.max(0, LEAST.indexOf(shown.least)));
  name();
  slider.addEventListener("input", () => {
    shown.least = LEAST[Number(slider.value)];
    name();
    changed();
  });
  const present = [...new Set(books.firms.kinds)];
  const open = element(
    "button",
    { type: "button", "aria-expanded": String(!table.hidden), "aria-controls": table.id },
    told("network-table"),
  );
  open.addEventListener("click", () => {
    table.hidden = !table.hidden;
    open.setAttribute("aria-expanded", String(!table.hidden));
    if (!table.hidden) fillTable(table, books);
  });
  const group = (title, items) =>
    element("div", { class: "iv-legend-group" }, element("span", { class: "iv-legend-title" }, title), ...items);
  legend.replaceChildren(
    group(told("network-lines"), lines),
    group(told("picture-small"), [slider, bound]),
    group(
      told("network-firms", { note: books.firms.sizeNote }),
      present.map((kind) => {
        const plainly = `network-${kind}`; // where the kind's name is a term of the trade
        const text = known(plainly) ? told("network-plainly", { kind: kindName(kind), plainly: told(plainly) }) : kindName(kind);
        return item(text, kind, 0);
      }),
    ),
    group(
      told("network-health"),
      HEALTH.map((_name, state) => item(healthName(state), "lab", state)),
    ),
    group(told("network-in-words"), [open]),
  );
}

/** One row a firm; `opened` is called with the row of a firm that is clicked. */
export function drawTable(table, books, opened) {
  const head = element("tr", {}, ...HEADINGS.map((text) => element("th", { scope: "col" }, told(`network-head-${text}`))));
  const body = element("tbody");
  for (let row = 0; row < books.count; row++) {
    const open = element("button", { type: "button" }, books.firms.names[row]);
    open.addEventListener("click", () => opened(row));
    const amount = () => element("td", { class: "iv-amount" });
    const cells = [
      element("td", {}, open),
      element("td", {}, books.kindName(row)),
      amount(),
      element("td"),
      amount(),
      amount(),
    ];
    body.append(element("tr", {}, ...cells));
  }
  table.replaceChildren(element("table", {}, element("thead", {}, head), body));
  if (!table.hidden) fillTable(table, books);
}

/** Put the month's numbers into the table. */
export function fillTable(table, books) {
  const { owes, owed } = books.tallies();
  table.querySelectorAll("tbody tr").forEach((line, row) => {
    const cells = line.children;
    cells[2].textContent = dollars(books.failed(row) ? NaN : (books.size[row] ?? NaN));
    cells[3].textContent = books.healthName(row);
    cells[4].textContent = dollars(owes[row]);
    cells[5].textContent = dollars(owed[row]);
  });
}
