// Who funds whom for whom: ribbons from lenders through borrowers to those served, coloured by whom they serve.

import { dollars, element, kindName, listed, listen, rootOf, say, speak, svg, told, tooltip } from "./common.js";

const BAR = 10;
const TOP = 26;
const GAP = 9;
const SERIES = 6;

/** Nodes with places and ribbons between them, of a width and height in pixels. */
function plan(flows, width) {
  const nodes = (flows.nodes ?? []).map((node, i) => ({ ...node, i, sum: 0, parts: [] }));
  const parts = (flows.parts ?? [])
    .filter(([a, b, c, amount]) => nodes[a] && nodes[b] && nodes[c] && Number.isFinite(amount) && amount > 0)
    .map(([lender, borrower, user, amount]) => ({ ends: [lender, borrower, user], amount }));
  for (const part of parts) {
    for (const end of new Set(part.ends)) {
      nodes[end].sum += part.amount;
      nodes[end].parts.push(part);
    }
  }
  const layers = [0, 1, 2].map((layer) => nodes.filter((node) => node.layer === layer && node.sum > 0));
  const most = Math.max(1, ...layers.map((layer) => layer.length));
  const height = Math.max(340, Math.min(720, 21 * most + 120));
  const total = parts.reduce((sum, part) => sum + part.amount, 0) || 1;
  const scale = Math.max(0.05 * height, height - GAP * (most - 1)) / total;
  // Those served stand by size, named firms first; the others where most of their ribbons go.
  const served = layers[2].sort((a, b) => (b.row >= 0) - (a.row >= 0) || b.sum - a.sum);
  stack(served, height, scale);
  for (const layer of [1, 0]) {
    const pull = (node) =>
      node.parts.reduce((sum, part) => sum + part.amount * nodes[part.ends[layer + 1]].middle, 0) / node.sum;
    const pulls = new Map(layers[layer].map((node) => [node, pull(node)]));
    layers[layer].sort((a, b) => (b.row >= 0) - (a.row >= 0) || pulls.get(a) - pulls.get(b));
    stack(layers[layer], height, scale);
  }
  const columns = [0, (width - BAR) / 2, width - BAR];
  for (const node of nodes) node.x = columns[node.layer];
  return { nodes: layers.flat(), all: nodes, parts, height: height + TOP + 8, ribbons: ribbonsOf(nodes, parts, scale) };
}

function stack(layer, height, scale) {
  const used = layer.reduce((sum, node) => sum + node.sum * scale, 0);
  const gap = layer.length > 1 ? Math.min(28, (height - used) / (layer.length - 1)) : 0;
  let y = TOP + (height - used - gap * (layer.length - 1)) / 2;
  for (const node of layer) {
    node.y = y;
    node.tall = Math.max(1.5, node.sum * scale);
    node.middle = y + node.tall / 2;
    y += node.sum * scale + gap;
  }
}

function ribbonsOf(nodes, parts, scale) {
  const ribbons = [];
  for (const [left, right] of [
    [0, 1],
    [1, 2],
  ]) {
    const place = (end, other) => {
      const starts = new Map();
      for (const node of nodes.filter((one) => one.layer === end && one.sum > 0)) {
        let y = node.y;
        const order = [...node.parts].sort(
          (a, b) =>
            nodes[a.ends[other]].y - nodes[b.ends[other]].y ||
            nodes[a.ends[2]].y - nodes[b.ends[2]].y ||
            nodes[a.ends[0]].y - nodes[b.ends[0]].y,
        );
        for (const part of order) {
          starts.set(part, y);
          y += part.amount * scale;
        }
      }
      return starts;
    };
    const from = place(left, right);
    const to = place(right, left);
    for (const part of parts) {
      const a = nodes[part.ends[left]];
      const b = nodes[part.ends[right]];
      const thick = Math.max(0.4, part.amount * scale);
      ribbons.push({ part, d: ribbon(a.x + BAR, from.get(part), b.x, to.get(part), thick) });
    }
  }
  return ribbons;
}

function ribbon(x0, y0, x1, y1, thick) {
  const half = (x0 + x1) / 2;
  return `M${x0},${y0}C${half},${y0} ${half},${y1} ${x1},${y1}L${x1},${y1 + thick}C${half},${y1 + thick} ${half},${y0 + thick} ${x0},${y0 + thick}Z`;
}

function render({ model, el }) {
  const life = new AbortController();
  const { signal } = life;
  speak(model);
  const root = rootOf(model, el, "flow", () => {}, signal);
  const sheet = element("div");
  const words = element("ul");
  const spelled = element("details", {}, element("summary", {}, told("flow-in-words")), words);
  root.append(sheet, spelled);
  const tip = tooltip(root);
  let drawnAt = 0;

  function draw() {
    const width = root.clientWidth - 16;
    if (width < 40) return;
    drawnAt = width;
    tip.hide();
    const flows = model.get("flows") ?? {};
    const { nodes, all, parts, height, ribbons } = plan(flows, width);
    if (!parts.length) {
      sheet.replaceChildren(element("div", { class: "iv-empty" }, told("flow-nothing")));
      spelled.hidden = true;
      return;
    }
    spelled.hidden = false;
    const hue = (part) => {
      const user = all[part.ends[2]];
      return user.hue >= 0 ? `var(--iv-series${(user.hue % SERIES) + 1})` : "var(--iv-gone)";
    };
    const paths = ribbons.map(({ part, d }) => {
      const path = svg("path", { class: "iv-ribbon", d, fill: hue(part) });
      path.addEventListener("pointermove", (event) =>
        show(event, [part], path, [
          `${all[part.ends[0]].name} → ${all[part.ends[1]].name} → ${all[part.ends[2]].name}`,
          told("flow-lent", {
            amount: dollars(part.amount),
            borrower: all[part.ends[1]].name,
            user: all[part.ends[2]].name,
          }),
        ]),
      );
      path.addEventListener("pointerleave", clear);
      return path;
    });
    const light = (lit) =>
      paths.forEach((path, i) => {
        path.classList.toggle("iv-lit", lit !== null && lit.has(ribbons[i].part));
        path.classList.toggle("iv-faint", lit !== null && !lit.has(ribbons[i].part));
      });
    function show(event, some, _at, lines) {
      light(new Set(some));
      const box = root.getBoundingClientRect();
      tip.show(event.clientX - box.left, event.clientY - box.top, lines);
    }
    function clear() {
      light(null);
      tip.hide();
    }
    const narrow = width < 560;
    const groups = nodes.map((node) => {
      const lines = aboutNode(node, all);
      const opens = node.row >= 0;
      const group = svg(
        "g",
        {
          class: "iv-node",
          role: opens ? "button" : "img",
          tabindex: opens ? 0 : null,
          "aria-label": listed(lines),
        },
        svg("rect", { x: node.x, y: node.y - 3, width: BAR, height: node.tall + 6, fill: "transparent" }),
        svg("rect", { class: "iv-bar", x: node.x, y: node.y, width: BAR, height: node.tall }),
        label(node, width, narrow),
      );
      group.addEventListener("pointermove", (event) => show(event, node.parts, group, lines));
      group.addEventListener("pointerleave", clear);
      group.addEventListener("focus", () => light(new Set(node.parts)));
      group.addEventListener("blur", clear);
      if (opens) {
        group.addEventListener("click", () => say(model, "clicked", { firm: node.row }));
        group.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          say(model, "clicked", { firm: node.row });
        });
      }
      return group;
    });
    const anchors = ["start", "middle", "end"];
    const titles = (flows.columns ?? []).slice(0, 3).map((text, i) =>
      svg(
        "text",
        {
          class: "iv-column",
          x: [0, width / 2, width][i],
          y: 14,
          "text-anchor": anchors[i],
        },
        text,
      ),
    );
    sheet.replaceChildren(
      svg(
        "svg",
        {
          viewBox: `0 0 ${width} ${height}`,
          height,
          role: "group",
          "aria-label": told("flow-label"),
        },
        ...titles,
        ...paths,
        ...groups,
      ),
    );
    words.replaceChildren(
      ...nodes.filter((node) => node.layer === 2).map((node) => element("li", {}, listed(aboutNode(node, all)))),
    );
  }

  const watch = new ResizeObserver(() => {
    if (root.clientWidth - 16 !== drawnAt) draw();
  });
  watch.observe(root);
  listen(model, "change:flows", draw, signal);
  draw();
  return () => {
    life.abort();
    watch.disconnect();
    root.remove();
  };
}

/** A name and sum beside the bar, inwards at the right; on a narrow screen names of the larger ones only. */
function label(node, width, narrow) {
  if (node.tall < 5 && narrow) return null;
  const name = String(node.name ?? "");
  const room = narrow ? 12 : 26;
  const text = name.length > room ? `${name.slice(0, room - 1)}…` : name;
  const right = node.x > width * 0.75;
  return svg(
    "text",
    { x: right ? node.x - 6 : node.x + BAR + 6, y: node.middle + 4, "text-anchor": right ? "end" : "start" },
    text,
    narrow ? null : svg("tspan", { class: "iv-sum" }, ` ${dollars(node.sum)}`),
  );
}

/** What a node stands for: its sum, and with whom. */
function aboutNode(node, all) {
  const sums = (end) => {
    const found = new Map();
    for (const part of node.parts) found.set(part.ends[end], (found.get(part.ends[end]) ?? 0) + part.amount);
    const order = [...found].sort((a, b) => b[1] - a[1]);
    const firms = listed(order.slice(0, 5).map(([i, amount]) => `${all[i].name} ${dollars(amount)}`));
    return order.length > 5 ? told("flow-more", { firms, more: order.length - 5 }) : firms;
  };
  const about = (how) =>
    node.row >= 0 ? told(`flow-kind-${how}`, { kind: kindName(node.kind) }) : told(`flow-plain-${how}`);
  const [to, by, from, use] = ["to", "by", "from", "for"].map((how) => (end) => told(`flow-${how}`, { firms: sums(end) }));
  const title = `${node.name} ${dollars(node.sum)}`;
  if (node.layer === 0) return [title, about("lent"), to(1), use(2)];
  if (node.layer === 1) return [title, about("owed"), to(0), use(2)];
  return [title, about("borrowed"), by(1), from(0)];
}

export default { render };
