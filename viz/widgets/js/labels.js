// Names beside the firms that matter most, none over another.

const CELL = 48;
const ROOM = 1.62; // width of a mark where a name may stand, over its radius

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

  touches(box) {
    return this.each(box, (key) =>
      (this.cells.get(key) ?? []).some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1]),
    );
  }
}

/**
 * Places for names.
 * `wanted`: [{row, text, x, y, radius, roomy, must}] in order of importance, `roomy` where a name may stand on the
 * mark; `solid`: [{box}] not to be covered, a box being [left, top, right, bottom]; `before`: Map of row to side, tried
 * first so that names do not jump.
 * Returns [{row, lines, x, y, align, side}] that fit inside width and height, `side` 0 on the mark; the `must` ones
 * come in any case.
 */
export function placeLabels(wanted, solid, before, measure, width, height, limit) {
  const taken = new Boxes();
  for (const { box } of solid) taken.add(box);
  const placed = [];
  for (const one of wanted) {
    if (placed.length >= limit && !one.must) break;
    const lines = one.roomy ? wrapped(one.text, measure, ROOM * one.radius) : null;
    if (lines) {
      placed.push({ row: one.row, lines, x: one.x, y: one.y, align: "center", side: 0 });
      continue;
    }
    const long = measure(one.text);
    const sides = [0, 1, 2, 3];
    const known = before.get(one.row);
    if (known) sides.unshift(sides.splice(sides.indexOf(known - 1), 1)[0]);
    let found = null;
    for (const side of sides) {
      const place = beside(one, side, long);
      const [left, top, right, bottom] = place.box;
      if (left < 2 || right > width - 2 || top < 2 || bottom > height - 2) continue;
      if (!taken.touches(place.box)) {
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

/** The name in lines of at most `width`, null if it does not fit in three. */
function wrapped(text, measure, width) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && measure(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.length <= 3 && lines.every((line) => measure(line) <= width) ? lines : null;
}

function beside(one, side, long) {
  const gap = one.radius * 1.15 + 5;
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
