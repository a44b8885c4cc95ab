// Failures as cards in the order of time, joined where one explains another; a bar in each card shows its causes.

import { KIND_LABELS, dollars, element, listen, rootOf, say, svg, tooltip } from "./common.js";

const WIDE = 176;
const TALL = 68;
const ALONG = 140; // between columns of cards, where the channels are named
const ASIDE = 16;
const HEAD = 24;
const COLOURS = { own: "--iv-gone", market: "--iv-strained", others: "--iv-loss" };

/** Columns of cards: one for each month and round, those who pass stress on before those who fail of it. */
function columnsOf(cascade) {
  const nodes = (cascade.nodes ?? []).map((node, i) => ({ ...node, i, causes: [], effects: [] }));
  const edges = (cascade.edges ?? []).filter((edge) => nodes[edge.target] && edge.weight > 0);
  for (const edge of edges) {
    nodes[edge.target].causes.push(edge);
    if (nodes[edge.source]) nodes[edge.source].effects.push(edge);
  }
  const columns = [];
  for (const node of [...nodes].sort((a, b) => a.month - b.month || a.round - b.round || a.i - b.i)) {
    const last = columns.at(-1);
    if (last && last[0].month === node.month && last[0].round === node.round) last.push(node);
    else columns.push([node]);
  }
  return { nodes, edges: edges.filter((edge) => nodes[edge.source] && edge.source !== edge.target), columns };
}

/** Places: time runs to the right, or downwards on a narrow screen; causes and effects keep level. */
function lay(columns, nodes, down) {
  const [step, card, aside] = down ? [TALL + 58, TALL, WIDE] : [WIDE + ALONG, WIDE, TALL];
  columns.forEach((column, c) => {
    const level = (node) => {
      const known = node.causes.map((edge) => nodes[edge.source]).filter((one) => one && one.level !== undefined);
      return known.length ? known.reduce((sum, one) => sum + one.level, 0) / known.length : 0;
    };
    const wanted = new Map(column.map((node) => [node, level(node)]));
    column.sort((a, b) => wanted.get(a) - wanted.get(b) || a.i - b.i);
    let free = 0;
    for (const node of column) {
      node.level = Math.max(free, Math.round(wanted.get(node)));
      free = node.level + 1;
      const far = 4 + (down ? 18 : 0) + c * step;
      const wide = 4 + node.level * (aside + ASIDE) + (down ? 0 : HEAD);
      node.column = c;
      node.x = down ? wide : far;
      node.y = down ? far : wide;
    }
  });
  const levels = Math.max(0, ...nodes.map((node) => node.level ?? 0)) + 1;
  const long = Math.max(0, columns.length * step - (step - card)) + 8 + (down ? 18 : 0);
  const broad = levels * (aside + ASIDE) + (down ? 0 : HEAD) + 8;
  return down ? { width: broad, height: long } : { width: long, height: broad };
}

function render({ model, el }) {
  const life = new AbortController();
  const { signal } = life;
  const root = rootOf(model, el, "tree", () => {}, signal);
  const sheet = element("div", { class: "iv-tree-sheet" });
  const scroll = element(
    "div",
    {
      class: "iv-tree-scroll",
      tabindex: 0,
      role: "group",
      "aria-label": "Failures in the order of time, and who explains them",
    },
    sheet,
  );
  const key = element(
    "div",
    { class: "iv-tree-key" },
    ...[
      ["own", "its own doing"],
      ["market", "the market"],
      ["others", "others' failures and stress"],
    ].map(([name, text]) => element("span", {}, element("i", { style: `background: var(${COLOURS[name]})` }), text)),
  );
  root.append(scroll, key);
  const tip = tooltip(root);
  let narrow = false;

  function draw() {
    const { nodes, edges, columns } = columnsOf(model.get("cascade") ?? {});
    tip.hide();
    key.hidden = !nodes.length;
    if (!nodes.length) {
      sheet.removeAttribute("style");
      sheet.replaceChildren(element("div", { class: "iv-empty" }, "Nobody has failed so far."));
      return;
    }
    narrow = root.clientWidth > 0 && root.clientWidth < 640;
    const { width, height } = lay(columns, nodes, narrow);
    sheet.style.width = `${width}px`;
    sheet.style.height = `${height}px`;
    const several = edges.length > 40; // names of channels would cover each other
    const lines = edges.map((edge) => joined(nodes[edge.source], nodes[edge.target], edge, narrow));
    const paths = lines.flatMap((line) => line.shapes);
    const chips = several
      ? []
      : lines.map((line, i) =>
          element(
            "span",
            { class: "iv-tree-chip", style: `left:${line.x}px;top:${line.y}px` },
            `${edges[i].channel} ${percent(edges[i].weight)}`,
          ),
        );
    const whens = columns.map((column, c) => {
      const [first] = column;
      if (c > 0 && columns[c - 1][0].label === first.label && first.round <= 1) return null; // after stress of the month
      const text = first.round > 1 ? `${first.label}, round ${first.round}` : String(first.label ?? first.month);
      return element(
        "span",
        { class: "iv-tree-when", style: `left:${narrow ? 4 : first.x}px;top:${narrow ? first.y - 18 : 2}px` },
        text,
      );
    });
    const cards = nodes.map((node) =>
      card(node, nodes, (on) =>
        lines.forEach((line, i) => {
          const own = edges[i].source === node.i || edges[i].target === node.i;
          for (const shape of line.shapes) shape.classList.toggle("iv-faint", on && !own);
        }),
      ),
    );
    sheet.replaceChildren(
      svg("svg", { width, height, "aria-hidden": "true" }, ...paths),
      ...chips,
      ...whens.filter(Boolean),
      ...cards,
    );
  }

  function card(node, nodes, light) {
    const market = node.causes.filter((edge) => !nodes[edge.source]).reduce((sum, edge) => sum + edge.weight, 0);
    const others = node.causes.filter((edge) => nodes[edge.source]).reduce((sum, edge) => sum + edge.weight, 0);
    const own = Math.max(0, Math.min(1, Number.isFinite(node.own_share) ? node.own_share : 1 - market - others));
    const failed = node.round > 0;
    const bar = element(
      "span",
      { class: "iv-causes" },
      ...[
        ["own", own],
        ["market", market],
        ["others", others],
      ]
        .filter(([, share]) => share > 0.004)
        .map(([name, share]) => element("i", { style: `flex: ${share} 1 0; background: var(${COLOURS[name]})` })),
    );
    const lines = failed
      ? [
          `${KIND_LABELS[node.kind] ?? node.kind ?? "firm"}, could not or would not pay all it owed`,
          `${percent(own)} its own doing${node.struck ? " and the shock that struck it" : ""}`,
          ...(market > 0 ? [`${percent(market)} the market`] : []),
          ...node.causes
            .filter((edge) => nodes[edge.source])
            .sort((a, b) => b.weight - a.weight)
            .slice(0, 8)
            .map((edge) => `${percent(edge.weight)} ${nodes[edge.source].name}, by ${edge.channel}`),
        ]
      : [`${KIND_LABELS[node.kind] ?? node.kind ?? "firm"} under stress, did not fail`];
    const brief = failed ? `defaulted over ${dollars(node.shortfall)}` : "stressed, stood";
    const button = element(
      "button",
      {
        type: "button",
        class: `iv-card${failed ? "" : " iv-stress"}`,
        style: `left:${node.x}px;top:${node.y}px;width:${WIDE}px;height:${TALL}px`,
        "aria-label": [`${node.name} ${brief}`, node.label ?? node.month, ...lines].join(", "),
      },
      element("span", { class: "iv-card-name" }, String(node.name ?? "")),
      element("span", { class: "iv-card-line" }, brief),
      failed ? bar : null,
    );
    const on = () => {
      light(true);
      const box = root.getBoundingClientRect();
      const own2 = button.getBoundingClientRect();
      tip.show(own2.left - box.left, own2.bottom - box.top - 8, [node.name, ...lines]);
    };
    const off = () => {
      light(false);
      tip.hide();
    };
    for (const event of ["pointerenter", "focus"]) button.addEventListener(event, on);
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, off);
    button.addEventListener("click", () => say(model, "clicked", { firm: node.row ?? -1, month: node.month }));
    return button;
  }

  const watch = new ResizeObserver(() => {
    if (root.clientWidth < 640 !== narrow) draw();
  });
  watch.observe(root);
  listen(model, "change:cascade", draw, signal);
  draw();
  return () => {
    life.abort();
    watch.disconnect();
    root.remove();
  };
}

/** The line from cause to effect, its arrow head, and where its channel is named. */
function joined(cause, effect, edge, down) {
  const at = WIDE * 0.82; // right of the month above the card
  const [x0, y0] = down ? [cause.x + at, cause.y + TALL] : [cause.x + WIDE, cause.y + TALL / 2];
  const [x1, y1] = down ? [effect.x + at, effect.y - 5] : [effect.x - 5, effect.y + TALL / 2];
  const between = effect.column - cause.column > 1 && effect.level === cause.level; // cards stand in the way
  const aside = between ? (down ? 0.4 * WIDE : 0.75 * (TALL + ASIDE)) : 0;
  const bend = Math.max(24, (down ? y1 - y0 : x1 - x0) / 2);
  const d = down
    ? `M${x0},${y0}C${x0 + aside},${y0 + bend} ${x1 + aside},${y1 - bend} ${x1},${y1 - 3}`
    : `M${x0},${y0}C${x0 + bend},${y0 + aside} ${x1 - bend},${y1 + aside} ${x1 - 3},${y1}`;
  const head = down ? `M${x1},${y1 + 4}l-4,-8h8z` : `M${x1 + 4},${y1}l-8,-4v8z`;
  return {
    shapes: [
      svg("path", { class: "iv-tree-edge", d, "stroke-width": 1 + 4 * Math.min(1, edge.weight) }),
      svg("path", { class: "iv-tree-head", d: head }),
    ],
    x: down ? x1 + aside * 0.2 : x1 - ALONG / 2 + 6,
    y: down ? y1 - 38 : y1 + aside * 0.35,
  };
}

function percent(share) {
  if (!Number.isFinite(share)) return "–";
  return share > 0 && share < 0.01 ? "under 1 %" : `${Math.round(100 * share)} %`;
}

export default { render };
