// A cascade drawn over the network: rings about those who fail and lose, lines along which the losses travel.

import { curveOf, drawArrow, pointOn } from "./edges.js";
import { byPair, nameOf } from "./playback.js";

const HEAVIEST = 60; // losses of a round that can be told apart
const CHIPS = 8; // losses named at once
const TOLD = 0.02; // part of the heaviest loss of a round below which a loss is not named: it would pass for a large one
const ALONG = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82]; // where along a loss it may be named
const BESIDE = [0, 14, -14]; // px off its line
const BOTTOM = 40; // px of the stage kept free of chips, for what stands below

/** The losses of a round worth drawing, heaviest first. */
function heaviest(losses) {
  losses.heaviest ??= byPair(losses).slice(0, HEAVIEST);
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
      pen.globalAlpha = fresh ? 0.95 : 0.5;
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
  for (const round of play.rounds) for (const row of round.firms) ring(pen, place, row, 3, ink.loss, 2);
  for (const row of play.round?.firms ?? []) ring(pen, place, row, 4 + 14 * beat, ink.loss, 3);
  for (const row of reached) ring(pen, place, row, 2, ink.loss, 1.2, 0.8);
}

/** A dashed ring about a firm that stands otherwise in the run beside this one; a second one if it failed in one alone. */
export function drawApart(pen, ink, place, row, failed) {
  pen.setLineDash([4, 3]);
  ring(pen, place, row, 4, ink.focus, failed ? 3 : 1.4);
  pen.setLineDash([]);
  if (failed) ring(pen, place, row, 8.5, ink.focus, 1.5);
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

/**
 * Channel and amount on the heaviest losses of the latest round. They cover none of the `words` (boxes of names,
 * headings and sentences) and no other chip, and where there is room none of the `marks` either. Returns their boxes.
 */
export function drawChannels(pen, ink, play, place, { width, height, top }, words, marks) {
  const round = play.rounds.at(-1);
  const chips = [];
  if (!round || (round === play.round && play.progress < 0.35)) return chips;
  const count = place.x.length;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const free = ([left, up, right, down], boxes) =>
    !boxes.some((b) => b[0] < right && b[2] > left && b[1] < down && b[3] > up);
  const losses = heaviest(round.edges);
  for (const loss of losses) {
    if (chips.length >= CHIPS || loss.amount < TOLD * losses[0].amount) break;
    if (!(loss.target >= 0 && loss.target < count)) continue;
    const text = nameOf(loss);
    const half = pen.measureText(text).width / 2 + 5;
    const boxes = spotsOf(loss, place, count)
      .map(({ x, y }) => ({ x: Math.max(half + 2, Math.min(width - half - 2, x)), y }))
      .map(({ x, y }) => [x - half, y - 9, x + half, y + 9])
      .filter((box) => box[1] > top && box[3] < height - BOTTOM && free(box, words) && free(box, chips));
    const box = boxes.find((one) => free(one, marks)) ?? boxes[0];
    if (!box) continue;
    chips.push(box);
    pen.fillStyle = ink.loss;
    pen.beginPath();
    pen.roundRect(box[0], box[1], 2 * half, 18, 9);
    pen.fill();
    pen.fillStyle = ink.paper;
    pen.fillText(text, box[0] + half, box[1] + 9.5);
  }
  return chips;
}

/** Where a loss may be named: on its line or close to it; one without a line, about who bears it. */
function spotsOf(loss, place, count) {
  if (!drawable(loss, count)) {
    const [x, y, away] = [place.x[loss.target], place.y[loss.target], place.radius[loss.target] + 14];
    return [y + away, y - away, y + away + 18, y - away - 18].map((to) => ({ x, y: to }));
  }
  const curve = curveOf(place, loss.source, loss.target);
  return BESIDE.flatMap((off) => ALONG.map((t) => pointOn(curve, t)).map(({ x, y }) => ({ x, y: y + off })));
}
