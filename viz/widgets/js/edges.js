// The directed edges between firms: a colour and a dash for each kind (named as in the words), a width for the amount.

export const EDGE_KINDS = [
  {
    name: "loan",
    colour: "loan",
    dash: [],
  },
  {
    name: "compute",
    colour: "compute",
    dash: [7, 4],
  },
  {
    name: "order",
    colour: "order",
    dash: [2.2, 3],
  },
  {
    name: "equity",
    colour: "equity",
    dash: [10, 3, 2, 3],
  },
];

const WIDE = 260; // edges drawn to width
const WIDE_LIGHT = 60; // the same while a large network is in motion
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
export function drawArrow(pen, { cx, cy, x1, y1 }, size) {
  const away = Math.hypot(x1 - cx, y1 - cy) || 1;
  const ux = ((x1 - cx) / away) * size;
  const uy = ((y1 - cy) / away) * size;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x1 - ux - 0.45 * uy, y1 - uy + 0.45 * ux);
  pen.lineTo(x1 - ux + 0.45 * uy, y1 - uy - 0.45 * ux);
  pen.fill();
}

/**
 * Draw all edges that are `seen`, those of firm `near` (or the edge `single`) in their colours and then the others grey.
 * The heaviest are drawn to width, in their kind's dash, with an arrow head; the many light ones as hairlines, for a
 * screen without graphics hardware is ten times faster with these. `light` draws fewer to width and none in dashes; who
 * owes whom stays to be seen.
 */
export function drawEdges(pen, ink, { edges, place, done, seen: visible, near, single, light }) {
  const focus = near >= 0 || single >= 0;
  const wide = light ? WIDE_LIGHT : WIDE;
  const many = edges.length > WIDE;
  const seen = edges.order.filter(visible);
  const isNear = (e) => focus && (e === single || edges.source[e] === near || edges.target[e] === near);
  const clear = seen.filter(isNear);
  const dim = focus ? 0.3 : many ? 0.3 : 0.42;
  const colourOf = (e, bright) => (focus && !bright ? ink.line : ink[EDGE_KINDS[edges.kind[e]].colour]);
  pen.lineWidth = 1;
  pen.setLineDash([]);
  EDGE_KINDS.forEach((kind, k) => {
    pen.strokeStyle = focus ? ink.line : ink[kind.colour];
    pen.globalAlpha = focus ? 0.2 : 0.22;
    for (const e of seen.slice(wide))
      if (edges.kind[e] === k && !isNear(e)) stroke(pen, curveOf(place, edges.source[e], edges.target[e]));
  });
  const drawn = (list, alpha, more, bright) => {
    for (const e of list.reverse()) {
      const kind = EDGE_KINDS[edges.kind[e]];
      const amount = edges.before[e] + (edges.amount[e] - edges.before[e]) * done;
      const width = more + 0.8 + 5.7 * Math.sqrt(Math.max(0, amount) / edges.most);
      const curve = curveOf(place, edges.source[e], edges.target[e]);
      pen.strokeStyle = colourOf(e, bright);
      pen.lineWidth = width;
      pen.globalAlpha = alpha;
      if (!light) pen.setLineDash(kind.dash.map((part) => part * (0.6 + 0.4 * width)));
      stroke(pen, curve);
      head(e, curve, focus ? alpha : 0.75, width, bright);
    }
  };
  const head = (e, curve, alpha, width, bright) => {
    pen.fillStyle = colourOf(e, bright);
    pen.globalAlpha = alpha;
    drawArrow(pen, curve, 4.5 + width);
  };
  if (light && !focus)
    for (const e of seen.slice(wide, WIDE)) head(e, curveOf(place, edges.source[e], edges.target[e]), 0.45, 0);
  drawn(
    seen.slice(0, wide).filter((e) => !isNear(e)),
    dim,
    0,
    false,
  );
  drawn(clear.slice(0, WIDE), 0.95, 0.6, true);
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

function stroke(pen, { x0, y0, cx, cy, x1, y1 }) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.quadraticCurveTo(cx, cy, x1, y1);
  pen.stroke();
}

/** The edge nearest to a point among those `seen`, -1 if none is close. */
export function edgeAt(x, y, edges, place, seen) {
  let best = -1;
  let nearest = 6;
  for (let e = 0; e < edges.length; e++) {
    if (!seen(e)) continue;
    const curve = curveOf(place, edges.source[e], edges.target[e]);
    const inside =
      Math.min(curve.x0, curve.cx, curve.x1) - 6 < x &&
      x < Math.max(curve.x0, curve.cx, curve.x1) + 6 &&
      Math.min(curve.y0, curve.cy, curve.y1) - 6 < y &&
      y < Math.max(curve.y0, curve.cy, curve.y1) + 6;
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
