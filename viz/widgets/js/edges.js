// The directed edges between firms: a colour and a dash for each kind, a width for the amount.

export const EDGE_KINDS = [
  { name: "loan", colour: "loan", dash: [], verb: "owes", gives: "owes on loans", takes: "has lent",
    about: "The debtor owes the lender; the arrow points to the lender" },
  { name: "compute contract", colour: "compute", dash: [8, 4], verb: "has promised to pay for compute to",
    gives: "has promised to pay for compute", takes: "has sold compute for",
    about: "The customer has promised to pay for compute; the arrow points to the provider" },
  { name: "order", colour: "order", dash: [2, 3], verb: "has ordered hardware from", gives: "has ordered hardware for",
    takes: "has orders for", about: "The buyer has ordered hardware; the arrow points to the vendor" },
  { name: "equity", colour: "equity", dash: [10, 3, 2, 3], verb: "has issued shares to", gives: "has issued shares for",
    takes: "holds shares of", about: "The issuer's shares are held; the arrow points to the holder" },
];

const STEPS = 7; // widths drawn
const BEND = 0.13;

/** The curve of an edge: from the source's centre, bent to the left, to the rim of the target. */
export function curveOf(place, source, target) {
  const x0 = place.x[source];
  const y0 = place.y[source];
  const x2 = place.x[target];
  const y2 = place.y[target];
  const cx = (x0 + x2) / 2 - (y2 - y0) * BEND;
  const cy = (y0 + y2) / 2 + (x2 - x0) * BEND;
  const away = Math.hypot(x2 - cx, y2 - cy) || 1;
  const rim = Math.min(place.radius[target] + 2, away * 0.9);
  return { x0, y0, cx, cy, x1: x2 - ((x2 - cx) / away) * rim, y1: y2 - ((y2 - cy) / away) * rim };
}

/** A point of the curve, t from 0 to 1. */
export function pointOn({ x0, y0, cx, cy, x1, y1 }, t) {
  const s = 1 - t;
  return { x: s * s * x0 + 2 * s * t * cx + t * t * x1, y: s * s * y0 + 2 * s * t * cy + t * t * y1 };
}

/** A filled arrow head at the end of the curve. */
export function drawArrow(pen, curve, size) {
  pen.beginPath();
  head(pen, curve, size);
  pen.fill();
}

function head(pen, { cx, cy, x1, y1 }, size) {
  const away = Math.hypot(x1 - cx, y1 - cy) || 1;
  const ux = ((x1 - cx) / away) * size;
  const uy = ((y1 - cy) / away) * size;
  pen.moveTo(x1, y1);
  pen.lineTo(x1 - ux - 0.45 * uy, y1 - uy + 0.45 * ux);
  pen.lineTo(x1 - ux + 0.45 * uy, y1 - uy - 0.45 * ux);
}

/**
 * Draw all edges whose kind is `shown`, those of firm `near` (or the edge `single`) clearly and the others faintly.
 * Edges of one kind and width go into one path: a thousand strokes cost as much as a few dozen.
 */
export function drawEdges(pen, ink, { edges, place, done, shown, near, single, many }) {
  const lists = new Map();
  const focus = near >= 0 || single >= 0;
  for (let e = 0; e < edges.length; e++) {
    const kind = edges.kind[e];
    if (!shown.has(kind)) continue;
    const amount = edges.before[e] + (edges.amount[e] - edges.before[e]) * done;
    const width = Math.min(STEPS - 1, Math.round((STEPS - 1) * Math.sqrt(amount / edges.most)));
    const clear = focus && (e === single || edges.source[e] === near || edges.target[e] === near);
    const key = (clear ? 1000 : 0) + kind * STEPS + width;
    const list = lists.get(key);
    if (list) list.push(e);
    else lists.set(key, [e]);
  }
  for (const key of [...lists.keys()].sort((a, b) => a - b)) {
    const clear = key >= 1000;
    const kind = EDGE_KINDS[Math.floor((key % 1000) / STEPS)];
    const width = 0.8 + 0.95 * ((key % 1000) % STEPS);
    const plain = many && !clear && width < 1.5; // a thousand hairlines: dashes and heads would only blur
    pen.strokeStyle = ink[kind.colour];
    pen.fillStyle = ink[kind.colour];
    pen.lineWidth = clear ? width + 0.6 : width;
    pen.globalAlpha = clear ? 0.95 : focus ? 0.08 : many ? 0.3 : 0.42;
    pen.setLineDash(plain ? [] : kind.dash);
    pen.beginPath();
    const heads = [];
    for (const e of lists.get(key)) {
      const curve = curveOf(place, edges.source[e], edges.target[e]);
      pen.moveTo(curve.x0, curve.y0);
      pen.quadraticCurveTo(curve.cx, curve.cy, curve.x1, curve.y1);
      if (!plain) heads.push(curve);
    }
    pen.stroke();
    pen.setLineDash([]);
    if (!heads.length) continue;
    pen.globalAlpha = clear ? 1 : focus ? 0.1 : 0.75;
    pen.beginPath();
    for (const curve of heads) head(pen, curve, 4.5 + width);
    pen.fill();
  }
  pen.globalAlpha = 1;
}

/** The edge nearest to a point, -1 if none is close. */
export function edgeAt(x, y, edges, place, shown) {
  let best = -1;
  let nearest = 6;
  for (let e = 0; e < edges.length; e++) {
    if (!shown.has(edges.kind[e])) continue;
    const curve = curveOf(place, edges.source[e], edges.target[e]);
    const inside = Math.min(curve.x0, curve.cx, curve.x1) - 6 < x && x < Math.max(curve.x0, curve.cx, curve.x1) + 6
      && Math.min(curve.y0, curve.cy, curve.y1) - 6 < y && y < Math.max(curve.y0, curve.cy, curve.y1) + 6;
    if (!inside) continue;
    let last = pointOn(curve, 0);
    for (let s = 1; s <= 14; s++) {
      const next = pointOn(curve, s / 14);
      const away = toSegment(x, y, last, next);
      if (away < nearest) {
        nearest = away;
        best = e;
      }
      last = next;
    }
  }
  return best;
}

function toSegment(x, y, a, b) {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const along = Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - a.x - along * dx, y - a.y - along * dy);
}
