// A cascade drawn over the network: rings about those who fail and lose, lines along which the losses travel.

import { dollars } from "./common.js";
import { curveOf, drawArrow, pointOn } from "./edges.js";

const HEAVIEST = 60; // losses of a round that can be told apart
const CHIPS = 8; // channels named at once
const ALONG = [0.5, 0.38, 0.62, 0.26, 0.74]; // where along a loss its channel may be named
const TOP = 60; // px of the stage kept free of chips, for the sentence on the cascade
const BOTTOM = 40;

/** The losses of a round worth drawing, heaviest first. */
function heaviest(losses) {
  losses.heaviest ??= [...losses]
    .filter((loss) => loss.amount > 0)
    .sort((a, b) => b.amount - a.amount)
    .slice(0, HEAVIEST);
  return losses.heaviest;
}

/** Whether a loss has both ends on the picture; the market has none. */
function drawable(loss, count) {
  return loss.source >= 0 && loss.source < count && loss.source !== loss.target;
}

/** Losses as lines that grow from who caused them to who bears them; returns the rows they have reached. */
export function drawLosses(pen, ink, play, place) {
  const count = place.x.length;
  const reached = new Set();
  for (const round of play.rounds) {
    const fresh = round === play.round;
    const far = fresh ? Math.max(0, play.progress) : 1;
    if (far === 0) continue;
    const losses = heaviest(round.edges);
    for (const loss of losses) {
      if (!(loss.target >= 0 && loss.target < count)) continue;
      if (far >= 0.95) reached.add(loss.target);
      if (!drawable(loss, count)) continue;
      const curve = curveOf(place, loss.source, loss.target);
      pen.globalAlpha = (fresh ? 0.95 : 0.5) * play.alpha;
      pen.strokeStyle = ink.loss;
      pen.fillStyle = ink.loss;
      pen.lineWidth = 1.2 + 2.6 * Math.sqrt(loss.amount / losses[0].amount);
      pen.beginPath();
      pen.moveTo(curve.x0, curve.y0);
      const steps = Math.max(2, Math.round(18 * far));
      for (let s = 1; s <= steps; s++) {
        const spot = pointOn(curve, (far * s) / steps);
        pen.lineTo(spot.x, spot.y);
      }
      pen.stroke();
      if (far >= 1) {
        drawArrow(pen, curve, 7);
      } else {
        const spot = pointOn(curve, far);
        pen.beginPath();
        pen.arc(spot.x, spot.y, 4, 0, 2 * Math.PI);
        pen.fill();
      }
    }
  }
  pen.globalAlpha = 1;
  return reached;
}

/** Rings about those who fail, beating while they do, and about those whom losses have reached. */
export function drawVictims(pen, ink, play, place, reached) {
  const beat = play.progress < 0 ? 0.5 - 0.5 * Math.cos((play.progress + 1) * 8 * Math.PI) : 0;
  for (const round of play.rounds) for (const row of round.firms) ring(pen, place, row, 3, ink.loss, 2, play.alpha);
  for (const row of play.round?.firms ?? []) ring(pen, place, row, 4 + 14 * beat, ink.loss, 3, play.alpha);
  for (const row of reached) ring(pen, place, row, 2, ink.loss, 1.2, 0.8 * play.alpha);
}

/** A ring about a firm. */
export function ring(pen, place, row, gap, colour, width, alpha = 1) {
  if (!(row >= 0 && row < place.x.length)) return;
  pen.globalAlpha = alpha;
  pen.beginPath();
  pen.arc(place.x[row], place.y[row], place.radius[row] * 1.12 + gap, 0, 2 * Math.PI);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
  pen.globalAlpha = 1;
}

/** The channel's name on the heaviest losses of the latest round, where it covers none of the `names`. */
export function drawChannels(pen, ink, play, place, width, height, names) {
  const round = play.rounds.at(-1);
  if (!round || (round === play.round && play.progress < 0.35)) return;
  const count = place.x.length;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const boxes = names.map((name) => name.box);
  let chips = 0;
  for (const loss of heaviest(round.edges)) {
    if (chips >= CHIPS || !(loss.target >= 0 && loss.target < count)) continue;
    const told = drawable(loss, count);
    const below = { x: place.x[loss.target], y: place.y[loss.target] + place.radius[loss.target] + 14 };
    const curve = told ? curveOf(place, loss.source, loss.target) : null;
    const text = told ? `${loss.channel} ${dollars(loss.amount)}` : `${loss.channel} (market)`;
    const half = pen.measureText(text).width / 2 + 5;
    const free = (curve ? ALONG.map((t) => pointOn(curve, t)) : [below])
      .map(({ x, y }) => ({ x: Math.max(half + 2, Math.min(width - half - 2, x)), y }))
      .find(({ x, y }) => {
        if (y < TOP || y > height - BOTTOM) return false;
        return !boxes.some((b) => b[0] < x + half && b[2] > x - half && b[1] < y + 9 && b[3] > y - 9);
      });
    if (!free) continue;
    const { x, y } = free;
    const box = [x - half, y - 9, x + half, y + 9];
    boxes.push(box);
    chips += 1;
    pen.globalAlpha = play.alpha;
    pen.fillStyle = ink.loss;
    pen.beginPath();
    pen.roundRect(box[0], box[1], 2 * half, 18, 9);
    pen.fill();
    pen.fillStyle = ink.paper;
    pen.fillText(text, x, y + 0.5);
  }
  pen.globalAlpha = 1;
}
