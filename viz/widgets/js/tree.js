// Failures as cards in the order of time, joined where one explains another; a bar in each card shows its causes.

import { channelName, digits, dollars, element, kindName, listed, listen, rootOf, say, speak, svg, told, tooltip } from "./common.js";

const WIDE = 176;
const TALL = 68; // a card, at least
const BENDS = 84; // between columns of cards, where lines change their height
const NAMED = 158; // and then run level, each with its channel named on it
const LINE = 19; // from one line into a card to the next: what the name of a channel takes
const PASS = 16; // what a line takes that passes a column
const ASIDE = 16;
const HEAD = 24;
const DOWN = { bends: 54, port: 11 }; // on a narrow screen lines come from above, and names stand beside them
const MOST = 8; // causes of a card that are drawn, the heaviest
const COLOURS = { own: "--iv-gone", yours: "--iv-focus", market: "--iv-strained", others: "--iv-loss" };

/**
 * Columns of cards, one for each month and round, those who pass stress on before those who fail of it; and one tie
 * for each pair of firms, its channels summed.
 */
function columnsOf(cascade) {
  const nodes = (cascade.nodes ?? []).map((node, i) => ({ ...node, i, market: 0, causes: [], drawn: [] }));
  const ties = new Map();
  for (const { source, target, channel, weight } of cascade.edges ?? []) {
    const effect = nodes[target];
    if (!effect || !(weight > 0)) continue;
    if (!nodes[source]) {
      effect.market += weight;
      continue;
    }
    const key = `${source} ${target}`;
    if (!ties.has(key)) {
      ties.set(key, { cause: nodes[source], effect, weight: 0, channels: new Map() });
      effect.causes.push(ties.get(key));
    }
    const tie = ties.get(key);
    tie.weight += weight;
    tie.channels.set(channel, (tie.channels.get(channel) ?? 0) + weight);
  }
  const columns = [];
  for (const node of [...nodes].sort((a, b) => a.month - b.month || a.round - b.round || a.i - b.i)) {
    const last = columns.at(-1);
    if (last && last[0].month === node.month && last[0].round === node.round) last.push(node);
    else columns.push([node]);
  }
  columns.forEach((column, c) => column.forEach((node) => (node.column = c)));
  for (const node of nodes) {
    node.causes.sort((a, b) => b.weight - a.weight);
    for (const tie of node.causes) tie.channels = [...tie.channels].sort((a, b) => b[1] - a[1]);
    node.drawn = node.causes.filter((tie) => tie.cause.column < node.column).slice(0, MOST);
  }
  return { nodes, columns };
}

/**
 * Places: time runs to the right, or downwards on a narrow screen. Along it, cards take turns with a strip in which
 * lines bend and one in which they run level with their names. Across it, cards and the lines that pass them have
 * places of their own, so that no line runs under a card or under a name.
 */
function lay(columns, nodes, down) {
  const rows = columns.map((column) => column.map((node) => ({ node, at: 0 })));
  const lines = [];
  for (const node of nodes) {
    for (const tie of node.drawn) {
      const passes = [];
      for (let c = tie.cause.column + 1; c < node.column; c++) {
        const pass = { at: 0 };
        rows[c].push(pass);
        passes.push(pass);
      }
      lines.push({ tie, passes });
    }
  }
  const middle = (item) => item.at + item.size / 2;
  const itemOf = new Map(rows.flat().map((item) => [item.node, item]));
  for (const item of rows.flat()) {
    const ports = item.node ? item.node.drawn.length : 0;
    item.long = down ? TALL : WIDE;
    item.size = !item.node ? PASS : down ? Math.max(WIDE, DOWN.port * ports + 8) : Math.max(TALL, LINE * ports + 6);
    item.before = [];
  }
  for (const line of lines) {
    line.stops = [itemOf.get(line.tie.cause), ...line.passes, itemOf.get(line.tie.effect)];
    line.stops.slice(1).forEach((stop, i) => stop.before.push(line.stops[i]));
  }
  // Each stands level with the mean of what comes before it, as far as those above leave room.
  for (const row of rows) {
    const wanted = new Map();
    for (const item of row) {
      const known = item.before.map(middle);
      wanted.set(item, known.length ? known.reduce((sum, one) => sum + one, 0) / known.length - item.size / 2 : 0);
    }
    row.sort((a, b) => wanted.get(a) - wanted.get(b) || (a.node?.i ?? Infinity) - (b.node?.i ?? Infinity));
    let free = 0;
    for (const item of row) {
      item.at = Math.max(free, wanted.get(item));
      free = item.at + item.size + ASIDE;
    }
  }
  // Along the time.
  const starts = [];
  const most = rows.map((row) => Math.max(0, ...row.map((item) => item.node?.drawn.length ?? 0)));
  let along = 4;
  rows.forEach((_row, c) => {
    if (c) along += down ? DOWN.bends + LINE * most[c] + HEAD : BENDS + NAMED;
    else if (down) along += HEAD;
    starts.push(along);
    along += down ? TALL : WIDE;
  });
  const origin = 4 + (down ? 0 : HEAD);
  rows.forEach((row, c) =>
    row.forEach((item) => {
      item.start = starts[c];
      item.named = down ? HEAD + LINE * most[c] : NAMED;
      item.at += origin;
      if (!item.node) return;
      [item.node.x, item.node.y] = down ? [item.at, item.start] : [item.start, item.at];
      [item.node.wide, item.node.tall] = down ? [item.size, item.long] : [item.long, item.size];
    }),
  );
  const broad = Math.max(...rows.flat().map((item) => item.at + item.size)) + 8;
  for (const node of nodes) ports(lines.filter((line) => line.tie.effect === node), down);
  return { lines, ...(down ? { width: broad, height: along + 8 } : { width: along + 8, height: broad }) };
}

/** Where the lines into a card end, in the order in which they come, so that they do not cross before it. */
function ports(lines, down) {
  const from = (line) => line.stops.at(-2).at + line.stops.at(-2).size / 2;
  [...lines]
    .sort((a, b) => from(a) - from(b))
    .forEach((line, p) => {
      const card = line.stops.at(-1);
      line.port = down
        ? card.at + card.size - 10 - DOWN.port * (lines.length - 1 - p)
        : card.at + card.size / 2 + LINE * (p - (lines.length - 1) / 2);
      line.number = p;
      line.beside = lines.length;
    });
}

function render({ model, el }) {
  const life = new AbortController();
  const { signal } = life;
  speak(model);
  const root = rootOf(model, el, "tree", () => {}, signal);
  const sheet = element("div", { class: "iv-tree-sheet" });
  const scroll = element(
    "div",
    {
      class: "iv-tree-scroll",
      tabindex: 0,
      role: "group",
      "aria-label": told("tree-label"),
    },
    sheet,
  );
  const key = element("div", { class: "iv-tree-key" });
  root.append(scroll, key);
  const tip = tooltip(root);
  let narrow = false;

  function draw() {
    const { nodes, columns } = columnsOf(model.get("cascade") ?? {});
    tip.hide();
    key.hidden = !nodes.length;
    if (!nodes.length) {
      sheet.removeAttribute("style");
      sheet.replaceChildren(element("div", { class: "iv-empty" }, told("tree-none")));
      return;
    }
    narrow = root.clientWidth > 0 && root.clientWidth < 640;
    const { lines, width, height } = lay(columns, nodes, narrow);
    sheet.style.width = `${width}px`;
    sheet.style.height = `${height}px`;
    const drawn = lines.map((line) => drawnLine(line, narrow));
    const present = new Set(["market", "others", ...nodes.filter((node) => node.round > 0).map(ownName)]);
    key.replaceChildren(
      ...Object.entries(COLOURS)
        .filter(([name]) => present.has(name))
        .map(([name, colour]) =>
          element("span", {}, element("i", { style: `background: var(${colour})` }), told(`tree-${name}`)),
        ),
    );
    const whens = columns.map((column, c) => {
      const [first] = column;
      if (c > 0 && columns[c - 1][0].label === first.label && first.round <= 1) return null; // after stress of the month
      const text = first.round > 1
          ? told("tree-round", { month: String(first.label ?? first.month), round: first.round })
          : String(first.label ?? first.month);
      return element(
        "span",
        { class: "iv-tree-when", style: `left:${narrow ? 4 : first.x}px;top:${narrow ? first.y - 18 : 2}px` },
        text,
      );
    });
    const cards = nodes.map((node) =>
      card(node, (on) =>
        drawn.forEach(({ tie, shapes, chip }) => {
          const own = tie.cause === node || tie.effect === node;
          for (const shape of [...shapes, chip]) shape.classList.toggle("iv-faint", on && !own);
        }),
      ),
    );
    sheet.replaceChildren(
      svg("svg", { width, height, "aria-hidden": "true" }, ...drawn.flatMap(({ shapes }) => shapes)),
      ...drawn.map(({ chip }) => chip),
      ...whens.filter(Boolean),
      ...cards,
    );
  }

  function card(node, light) {
    const others = node.causes.reduce((sum, tie) => sum + tie.weight, 0);
    const { market } = node;
    const own = Math.max(0, Math.min(1, Number.isFinite(node.own_share) ? node.own_share : 1 - market - others));
    const failed = node.round > 0;
    const bar = element(
      "span",
      { class: "iv-causes" },
      ...[
        [ownName(node), own],
        ["market", market],
        ["others", others],
      ]
        .filter(([, share]) => share > 0.004)
        .map(([name, share]) => element("i", { style: `flex: ${share} 1 0; background: var(${COLOURS[name]})` })),
    );
    const lines = failed
      ? [
          told("tree-could-not-pay", { kind: kindName(node.kind) || told("tree-firm") }),
          told("tree-share", {
            share: percent(own),
            what: told(node.struck && !node.by_hand ? "tree-own-and-shock" : `tree-${ownName(node)}`),
          }),
          ...(market > 0 ? [told("tree-share", { share: percent(market), what: told("tree-market") })] : []),
          ...node.causes.slice(0, MOST).map(inWords),
          ...(node.causes.length > MOST ? [told("tree-more", { more: node.causes.length - MOST })] : []),
        ]
      : [told("tree-under-stress", { kind: kindName(node.kind) || told("tree-firm") })];
    const brief = failed ? told("tree-defaulted", { amount: dollars(node.shortfall) }) : told("tree-stressed");
    const button = element(
      "button",
      {
        type: "button",
        class: `iv-card${failed ? "" : " iv-stress"}`,
        style: `left:${node.x}px;top:${node.y}px;width:${node.wide}px;height:${node.tall}px`,
        "aria-label": listed([`${node.name} ${brief}`, node.label ?? node.month, ...lines]),
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

/** What of a failure nobody else explains: the firm's own doing, or what the visitor did to it. */
function ownName(node) {
  return node.by_hand ? "yours" : "own";
}

/** A cause in words: who, and through which channels. */
function inWords({ cause, weight, channels }) {
  const by = channels.map(([channel, share]) => (channels.length > 1 ? part(channel, share) : channelName(channel)));
  return told("tree-cause", { share: percent(weight), firm: cause.name, channels: listed(by) });
}

/** What stands on a line: the part explained, and the channel through which most of it went. */
function onLine({ weight, channels: [[channel, share], ...rest] }) {
  if (!rest.length) return part(channel, weight);
  return told("tree-on-line", { share: percent(weight), channel: channelName(channel), part: percent(share) });
}

function part(channel, share) {
  return told("tree-channel", { channel: channelName(channel), share: percent(share) });
}

/** The line from cause to effect past the cards between them, its arrow head, and its name at its end. */
function drawnLine({ tie, stops, port, number, beside }, down) {
  const [first, last] = [stops[0], stops.at(-1)];
  const point = (along, across) => (down ? `${across},${along}` : `${along},${across}`);
  const end = last.start - 5;
  let [along, across] = [first.start + first.long, first.at + (down ? 0.5 * first.size : first.size / 2)];
  let d = `M${point(along, across)}`;
  stops.slice(1).forEach((stop) => {
    const card = stop === last;
    const to = card ? port : stop.at + stop.size / 2;
    const level = stop.start - stop.named;
    const half = Math.max(16, (level - along) / 2);
    d += `C${point(along + half, across)} ${point(level - half, to)} ${point(level, to)}`;
    [along, across] = [card ? end - 3 : stop.start + stop.long, to];
    d += `L${point(along, across)}`;
  });
  const head = down ? `M${port},${end + 4}l-4,-8h8z` : `M${end + 4},${port}l-8,-4v8z`;
  const text = down && beside > 1 ? told("tree-beside", { firm: tie.cause.name, what: onLine(tie) }) : onLine(tie);
  const leftmost = port - DOWN.port * number - 6;
  const chip = element(
    "span",
    {
      class: `iv-tree-chip${down ? " iv-tree-chip-down" : ""}`,
      style: down
        ? `right:calc(100% - ${leftmost}px);top:${last.start - HEAD - LINE * (beside - number - 0.5)}px;max-width:${leftmost - last.at}px`
        : `left:${last.start - NAMED / 2 - 4}px;top:${port}px;max-width:${NAMED - 24}px`,
      title: text,
    },
    text,
  );
  return {
    tie,
    shapes: [
      svg("path", { class: "iv-tree-edge", d, "stroke-width": 1 + 4 * Math.min(1, tie.weight) }),
      svg("path", { class: "iv-tree-head", d: head }),
    ],
    chip,
  };
}

function percent(share) {
  if (!Number.isFinite(share)) return "–";
  return share > 0 && share < 0.01 ? told("tree-least") : told("tree-percent", { amount: digits(Math.round(100 * share)) });
}

export default { render };
