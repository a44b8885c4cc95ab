// A cascade shown round by round: who fails, then along which edges the loss travels. Free of any drawing.

import { channelName, dollars, listed, told } from "./common.js";

const ROUND = 1500; // ms a round is given, less when many wait
const FAIL = 0.3; // part of a round in which the failing firms pulse before the loss sets off

export class Playback {
  constructor() {
    this.clear();
  }

  clear() {
    this.waiting = [];
    this.shown = [];
    this.step = null;
    this.known = "";
    this.each = Infinity;
  }

  /**
   * Take in the rounds of the month shown: they take the place of those of any other month, or of the same month in
   * another run, so that what is told is what the month's heading says. `still` shows them at once, without motion;
   * `hold` is how long the month will stay (ms), 0 for as long as the visitor likes.
   */
  push(month, label, cascade, still, hold = 0) {
    const known = `${month} ${JSON.stringify(cascade)}`;
    if (known === this.known) return;
    this.clear();
    this.known = known;
    this.each = hold > 0 ? hold / Math.max(1, cascade.length) : Infinity;
    const rounds = cascade.map((round, i) => ({ ...round, month, label, at: i + 1, of: cascade.length }));
    if (still) this.shown = rounds;
    else this.waiting = rounds;
  }

  /** Show the rounds of a month again, from the first. */
  again(month, label, cascade) {
    this.clear();
    this.push(month, label, cascade, false);
  }

  /** Whether the picture changes by itself. */
  get moving() {
    return this.step !== null || this.waiting.length > 0;
  }

  /**
   * What to show at `time`: {rounds, round, progress}; `rounds` are those under way or over, `round` is the one under
   * way or null, `progress` how far its losses have come (below 0: its firms still fail).
   */
  at(time) {
    if (this.step && time - this.step.began >= this.step.lasts) this.step = null;
    if (!this.step && this.waiting.length) {
      const round = this.waiting.shift();
      this.shown.push(round);
      const lasts = Math.min(this.each, Math.max(220, ROUND / (1 + 0.35 * this.waiting.length)));
      this.step = { round, began: time, lasts };
    }
    if (!this.step) return { rounds: this.shown, round: null, progress: 1 };
    const done = (time - this.step.began) / this.step.lasts;
    return { rounds: this.shown, round: this.step.round, progress: (done - FAIL) / (1 - FAIL) };
  }
}

/**
 * Losses between the same two firms taken together, heaviest first: [{source, target, amount, channel, several}],
 * `channel` the one through which most of it went, `several` whether there are others.
 */
export function byPair(losses) {
  const pairs = new Map();
  for (const { source, target, channel, amount } of losses) {
    if (!(amount > 0)) continue;
    const key = `${source} ${target}`;
    if (!pairs.has(key)) pairs.set(key, { source, target, amount: 0, channels: new Map() });
    const pair = pairs.get(key);
    pair.amount += amount;
    pair.channels.set(channel, (pair.channels.get(channel) ?? 0) + amount);
  }
  return [...pairs.values()]
    .map(({ channels, ...pair }) => ({ ...pair, channel: largestFirst(channels)[0], several: channels.size > 1 }))
    .sort((a, b) => b.amount - a.amount);
}

function largestFirst(amounts) {
  return [...amounts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** A loss in a few words. */
export function nameOf({ source, channel, several, amount }) {
  const by = several ? told("network-mostly", { channel: channelName(channel) }) : channelName(channel);
  return told("network-loss", { how: source < 0 ? told("network-prices") : by, amount: dollars(amount) });
}

/** One sentence on a round. */
export function tell(round, names) {
  const few = (rows) => {
    const known = rows.slice(0, 3).map((row) => names[row] ?? told("network-a-firm"));
    if (rows.length > 3) return told("network-and-more", { firms: listed(known), more: rows.length - 3 });
    const [last, ...before] = known.reverse();
    return before.length ? told("network-and", { firms: listed(before.reverse()), last }) : last;
  };
  const amounts = new Map();
  for (const { channel, amount } of round.edges)
    amounts.set(channel, (amounts.get(channel) ?? 0) + (amount > 0 ? amount : 0));
  const channels = largestFirst(amounts);
  let what = round.firms.length
    ? told("network-fail", { firms: few(round.firms) }, round.firms.length)
    : told("network-travel");
  if (channels.length) what = told("network-by", { what, channels: listed(channels.slice(0, 4).map(channelName)) });
  const { label: month, at, of } = round;
  return of > 1 ? told("network-round", { month, at, of, what }) : told("network-told", { month, what });
}
