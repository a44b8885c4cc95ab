// What the network knows: firms, their sizes and health, who owes whom; and how it is between two months.

import { dollars, kindName, told, typed } from "./common.js";
import { EDGE_KINDS } from "./edges.js";
import { HEALTH, healthName } from "./marks.js";

export class Books {
  constructor() {
    this.firms = { names: [], kinds: [], x: new Float32Array(), y: new Float32Array(), captions: [], sizeNote: "", room: new Float32Array() };
    this.count = 0;
    this.frame = { month: 0, label: "", cascade: [], hold: 0 };
    this.size = new Float32Array();
    this.sizeBefore = new Float32Array();
    this.health = new Uint8Array();
    this.edges = noEdges(1);
    this.largest = 0; // size of the largest firm in the run so far
    this.total = 0; // of all firms' sizes
    this.apart = new Uint8Array(); // by firm, whether it stands otherwise in the run beside this one
    this.began = 0;
    this.lasts = 0;
  }

  takeFirms(given) {
    const names = given.names ?? [];
    this.firms = {
      names: names.map(String),
      kinds: given.kinds ?? [],
      x: typed(given.x, Float32Array),
      y: typed(given.y, Float32Array),
      captions: given.captions ?? [],
      sizeNote: given.size_note ?? "",
      room: typed(given.room, Float32Array),
    };
    this.count = Math.min(names.length, this.firms.x.length, this.firms.y.length);
    this.largest = 0;
  }

  /** Take in a month that is to be reached smoothly within `lasts` ms from `time` on. */
  takeFrame(given, time, lasts) {
    const done = this.done(time);
    const kept = this.size.map((size, i) => mix(this.sizeBefore[i], size, done));
    const keptAmounts = new Map();
    const { edges } = this;
    for (let e = 0; e < edges.length; e++) keptAmounts.set(edges.key[e], mix(edges.before[e], edges.amount[e], done));
    const { month = 0, label = "", cascade = [], hold = 0, shared = {} } = given;
    this.frame = { month, label: String(label), cascade, hold };
    this.size = typed(given.size, Float32Array).map((size) => (size > 0 && Number.isFinite(size) ? size : 0));
    this.health = typed(given.health, Uint8Array);
    this.sizeBefore = this.size.map((size, i) => (i < kept.length ? kept[i] : size));
    this.edges = this.readEdges(given, keptAmounts);
    this.edges.most = Math.max(this.edges.most, shared.most ?? 0); // two pictures side by side have one scale
    this.apart = typed(given.apart, Uint8Array);
    this.began = time;
    this.lasts = lasts;
    this.largest = this.size.reduce((most, size) => Math.max(most, size), Math.max(this.largest, shared.largest ?? 0));
    this.total = Math.max(
      shared.total ?? 0,
      this.size.reduce((sum, size) => sum + size, 0),
    );
  }

  readEdges(given, keptAmounts) {
    const source = typed(given.source, Int32Array);
    const target = typed(given.target, Int32Array);
    const kind = typed(given.kind, Uint8Array);
    const amount = typed(given.amount, Float32Array);
    const length = Math.min(source.length, target.length, kind.length, amount.length);
    // Widths stay comparable from month to month: the scale of a run only grows.
    const found = noEdges(this.frame.month ? this.edges.most : 1e-9);
    const known = (row) => row >= 0 && row < this.count;
    for (let e = 0; e < length; e++) {
      const sound = amount[e] > 0 && Number.isFinite(amount[e]) && kind[e] < EDGE_KINDS.length;
      if (!sound || !known(source[e]) || !known(target[e]) || source[e] === target[e]) continue;
      const key = (source[e] * 65536 + target[e]) * 8 + kind[e];
      found.source.push(source[e]);
      found.target.push(target[e]);
      found.kind.push(kind[e]);
      found.amount.push(amount[e]);
      found.key.push(key);
      found.before.push(keptAmounts.get(key) ?? 0);
      found.most = Math.max(found.most, amount[e]);
    }
    found.length = found.source.length;
    found.order = [...found.source.keys()].sort((a, b) => found.amount[b] - found.amount[a]);
    return found;
  }

  /** How far the month is reached, 0 to 1. */
  done(time) {
    return this.lasts ? Math.max(0, Math.min(1, (time - this.began) / this.lasts)) : 1;
  }

  sizeAt(row, done) {
    return mix(this.sizeBefore[row] ?? 0, this.size[row] ?? 0, done);
  }

  kindName(row) {
    return kindName(this.firms.kinds[row]);
  }

  healthName(row) {
    return healthName(this.health[row] ?? 0);
  }

  /** Whether a firm has failed: its mark is as large as what it owned before, but it owns nothing any more. */
  failed(row) {
    return (this.health[row] ?? 0) >= HEALTH.indexOf("failed");
  }

  /** What each firm owes or has promised, and is owed, over all kinds of edges. */
  tallies() {
    const owes = new Float64Array(this.count);
    const owed = new Float64Array(this.count);
    for (let e = 0; e < this.edges.length; e++) {
      owes[this.edges.source[e]] += this.edges.amount[e];
      owed[this.edges.target[e]] += this.edges.amount[e];
    }
    return { owes, owed };
  }

  /** A firm in a few lines. */
  aboutFirm(row) {
    const { edges } = this;
    const lines = [this.firms.names[row], told("network-kind-health", { kind: this.kindName(row), health: this.healthName(row) })];
    if (!this.failed(row)) lines.push(told("network-size", { what: told("network-own"), amount: dollars(this.size[row] ?? NaN) }));
    EDGE_KINDS.forEach((kind, k) => {
      for (const [side, words] of [
        ["source", `edge-${kind.name}-gives`],
        ["target", `edge-${kind.name}-takes`],
      ]) {
        let sum = 0;
        let ties = 0;
        for (let e = 0; e < edges.length; e++) {
          if (edges.kind[e] !== k || edges[side][e] !== row) continue;
          sum += edges.amount[e];
          ties += 1;
        }
        if (ties) lines.push(told("network-ties", { what: told(words), amount: dollars(sum), ties }));
      }
    });
    return lines;
  }

  /** An edge in two lines. */
  aboutEdge(e) {
    const kind = EDGE_KINDS[this.edges.kind[e]];
    const from = this.firms.names[this.edges.source[e]];
    const to = this.firms.names[this.edges.target[e]];
    return [`${from} → ${to}`, told(`edge-${kind.name}-verb`, { from, to, amount: dollars(this.edges.amount[e]) })];
  }
}

function noEdges(most) {
  return { source: [], target: [], kind: [], amount: [], before: [], key: [], order: [], length: 0, most };
}

function mix(before, after, done) {
  return before + (after - before) * done;
}
