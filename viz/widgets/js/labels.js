// Names beside the firms that matter most, none over another.

import { spanAt } from "./marks.js";

const CELL = 48;
export const LINE = 14; // px from line to line of a name
const AWAY = [0, 15, 30, 45]; // px farther from its mark, for a name that must be there where the nearest places are taken
const CLEAR = 9; // px beyond the ends of a name free of other marks, so that it is not taken for theirs

/** A set of boxes that answers quickly whether another one would touch them. */
class Boxes {
  constructor() {
    this.cells = new Map();
  }

  each(box, act) {
    for (let i = Math.floor(box[0] / CELL); i <= Math.floor(box[2] / CELL); i++) {
      for (let j = Math.floor(box[1] / CELL); j <= Math.floor(box[3] / CELL); j++) {
        if (act(i * 100003 + j)) return true;
      }
    }
    return false;
  }

  add(box) {
    this.each(box, (key) => {
      const cell = this.cells.get(key);
      if (cell) cell.push(box);
      else this.cells.set(key, [box]);
      return false;
    });
  }

  /** Whether a box would touch one of these, other than `except`. */
  touches(box, except = null) {
    return this.each(box, (key) =>
      (this.cells.get(key) ?? []).some(
        (b) => b !== except && b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1],
      ),
    );
  }
}

/**
 * Places for names.
 * `wanted`: [{row, text, kind, x, y, radius, roomy, must}] in order of importance, `roomy` where a name may stand on
 * the mark; `solid`: [{box, row}] not to be covered, a box being [left, top, right, bottom], `row` that of the firm
 * whose mark it is; `before`: Map of row to side, tried first so that names do not jump.
 * Returns [{row, lines, x, y, align, side, box}] that fit inside width and height, `side` 0 on the mark; the `must`
 * ones come in any case. A name that would stand as near to another mark is left out.
 */
export function placeLabels(wanted, solid, before, measure, width, height, limit) {
  const taken = new Boxes();
  const marks = new Boxes();
  const own = new Map();
  for (const { box, row } of solid) {
    taken.add(box);
    if (row === undefined) continue;
    marks.add(box);
    own.set(row, box);
  }
  const placed = [];
  for (const one of wanted) {
    if (placed.length >= limit && !one.must) break;
    const lines = one.roomy ? wrapped(one, measure) : null;
    if (lines) {
      const [half, tall] = [Math.max(...lines.map(measure)) / 2, (LINE * lines.length) / 2];
      const box = [one.x - half, one.y - tall, one.x + half, one.y + tall];
      placed.push({ row: one.row, lines, x: one.x, y: one.y, align: "center", side: 0, box });
      continue;
    }
    const long = one.long ?? measure(one.text); // bold is longer
    const sides = [0, 1, 2, 3];
    const known = before.get(one.row);
    if (known) sides.unshift(sides.splice(sides.indexOf(known - 1), 1)[0]);
    let found = null;
    for (const [side, away] of (one.must ? AWAY : [0]).flatMap((more) => sides.map((side) => [side, more]))) {
      const place = beside(one, side, long, away);
      const [left, top, right, bottom] = place.box;
      if (left < 2 || right > width - 2 || top < 2 || bottom > height - 2) continue;
      const [near, far] = { left: [0, CLEAR], center: [CLEAR, CLEAR], right: [CLEAR, 0] }[place.align];
      const wide = [left - near, top, right + far, bottom];
      if (!taken.touches(place.box) && !marks.touches(wide, own.get(one.row))) {
        found = place;
        break;
      }
      found ??= one.must ? place : null;
    }
    if (found) {
      taken.add(found.box);
      placed.push({ row: one.row, lines: [one.text], ...found });
    }
  }
  return placed;
}

/** The name in the fewest lines, three at most, that stand inside the mark; null if there is no room. */
function wrapped({ text, kind, radius }, measure) {
  const words = text.split(" ");
  for (let count = 1; count <= Math.min(3, words.length); count++) {
    const width = spanAt(kind, radius, (LINE * count) / 2) - 4;
    const lines = [];
    for (const word of words) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && measure(longer) <= width) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    if (lines.length <= count && lines.every((line) => measure(line) <= width)) return lines;
  }
  return null;
}

function beside(one, side, long, away) {
  const gap = one.radius * 1.15 + 5 + away;
  const half = 7;
  const spots = [
    { x: one.x + gap, y: one.y, align: "left", left: one.x + gap },
    { x: one.x, y: one.y + gap + half, align: "center", left: one.x - long / 2 },
    { x: one.x - gap, y: one.y, align: "right", left: one.x - gap - long },
    { x: one.x, y: one.y - gap - half, align: "center", left: one.x - long / 2 },
  ];
  const { x, y, align, left } = spots[side];
  return { x, y, align, side: side + 1, box: [left - 2, y - half, left + long + 2, y + half] };
}
