// How a firm looks: its kind is a shape, its health a colour and a pattern.

import { told } from "./common.js";

export const HEALTH = ["sound", "strained", "distressed", "failed", "gone"];
const HEALTH_WORDS = ["sound", "strained", "distressed", "failing", "failed"];

const OUTLINED = 6; // radius from which on a sound firm has an outline
const CORNERS = {
  hyperscaler: [4, Math.PI / 4],
  vehicle: [4, 0],
  neocloud: [6, 0],
  vendor: [3, -Math.PI / 2],
  entrant: [5, -Math.PI / 2],
  outside: [8, Math.PI / 8],
};
// Lenders are wide blocks like a counter, the others regular polygons; labs are discs. Areas are equal.

/** The health of a firm in words. */
export function healthName(state) {
  return HEALTH_WORDS[state] ? told(`health-${HEALTH_WORDS[state]}`) : "";
}

/** Add the outline of a firm to the path of `pen`. */
export function outline(pen, kind, x, y, radius) {
  if (kind === "lender") {
    const half = radius * 1.06;
    const tall = radius * 0.74;
    pen.rect(x - half, y - tall, 2 * half, 2 * tall);
    return;
  }
  const shape = CORNERS[kind];
  if (!shape) {
    pen.moveTo(x + radius, y);
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  const [corners, turn] = shape;
  const reach = radius * Math.sqrt((2 * Math.PI) / (corners * Math.sin((2 * Math.PI) / corners)));
  for (let i = 0; i <= corners; i++) {
    const angle = turn + (2 * Math.PI * i) / corners;
    const px = x + reach * Math.cos(angle);
    const py = y + reach * Math.sin(angle);
    if (i) pen.lineTo(px, py);
    else pen.moveTo(px, py);
  }
  pen.closePath();
}

/** How wide the mark of a firm is, at least, up to this far above and below its middle; for kinds that bear names. */
export function spanAt(kind, radius, away) {
  if (kind === "lender") return away < 0.74 * radius ? 2.12 * radius : 0;
  if (kind === "hyperscaler") return away < 0.886 * radius ? 1.772 * radius : 0;
  if (kind === "neocloud") return away < 0.952 * radius ? 2 * (1.0996 * radius - away / Math.sqrt(3)) : 0;
  return 2 * Math.sqrt(Math.max(0, radius * radius - away * away));
}

/** Draw one firm: filled when sound, with a dot when strained, striped when distressed, crossed when failed. */
export function drawFirm(pen, ink, kind, health, x, y, radius) {
  const state = HEALTH[health] ?? "sound";
  pen.beginPath();
  outline(pen, kind, x, y, radius);
  if (state === "gone") {
    pen.strokeStyle = ink.gone;
    pen.lineWidth = 1.5;
    pen.setLineDash([3, 2]);
    pen.stroke();
    pen.setLineDash([]);
    cross(pen, ink.gone, x, y, radius * 0.5, 1.5);
    return;
  }
  pen.fillStyle = ink[state];
  pen.fill();
  if (state !== "sound" && radius >= 4) {
    if (state === "strained") dot(pen, ink.paper, x, y, radius);
    if (state === "distressed") stripes(pen, ink.paper, x, y, radius);
  }
  if (state === "sound" && radius < OUTLINED) return;
  pen.beginPath();
  outline(pen, kind, x, y, radius);
  pen.strokeStyle = state === "sound" ? ink.paper : ink.ink;
  pen.lineWidth = 1;
  pen.stroke();
  if (state === "failed") cross(pen, ink.paper, x, y, radius * 0.55, Math.max(1.5, radius * 0.22));
}

function cross(pen, colour, x, y, arm, width) {
  pen.beginPath();
  pen.moveTo(x - arm, y - arm);
  pen.lineTo(x + arm, y + arm);
  pen.moveTo(x + arm, y - arm);
  pen.lineTo(x - arm, y + arm);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

function stripes(pen, colour, x, y, radius) {
  const arm = radius * 0.46;
  const gap = radius * 0.36;
  pen.beginPath();
  for (const side of [-1, 0, 1]) {
    pen.moveTo(x + side * gap - arm, y + side * gap + arm);
    pen.lineTo(x + side * gap + arm, y + side * gap - arm);
  }
  pen.strokeStyle = colour;
  pen.lineWidth = Math.max(1.1, radius * 0.15);
  pen.stroke();
}

function dot(pen, colour, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, Math.max(1.4, radius * 0.3), 0, 2 * Math.PI);
  pen.fillStyle = colour;
  pen.fill();
}
