// A cascade shown round by round: who fails, then along which edges the loss travels. Free of any drawing.

const ROUND = 1500; // ms a round is given, less when many wait
const FAIL = 0.3; // part of a round in which the failing firms pulse before the loss sets off
const HOLD = 1800; // ms the finished picture is kept once later months have come

export class Playback {
  constructor() {
    this.clear();
  }

  clear() {
    this.waiting = [];
    this.shown = [];
    this.step = null;
    this.ended = 0;
    this.latest = -Infinity;
  }

  /** Take in the rounds of a month; with `still` they are shown at once, without motion. */
  push(month, label, cascade, still) {
    if (month < this.latest) this.clear();
    if (month === this.latest) return;
    this.latest = month;
    const rounds = cascade.map((round, i) => ({ ...round, month, label, at: i + 1, of: cascade.length }));
    if (still) {
      this.waiting = [];
      this.step = null;
      this.shown = rounds;
      this.ended = 0;
    } else {
      this.waiting.push(...rounds);
    }
  }

  /** Show the rounds of a month again, from the first. */
  again(month, label, cascade) {
    this.clear();
    this.push(month, label, cascade, false);
  }

  /** Whether the picture changes by itself. */
  get moving() {
    return this.step !== null || this.waiting.length > 0 || this.ended > 0;
  }

  /**
   * What to show at `time`: {rounds, round, progress}; `rounds` are those under way or over, `round` is the one under
   * way or null, `progress` how far its losses have come (below 0: its firms still fail), `alpha` 1 unless fading.
   */
  at(time) {
    if (this.step && time - this.step.began >= this.step.lasts) {
      this.step = null;
      if (!this.waiting.length) this.ended = time;
    }
    if (!this.step && this.waiting.length) {
      const round = this.waiting.shift();
      if (round.at === 1) this.shown = [];
      this.shown.push(round);
      this.step = { round, began: time, lasts: Math.max(220, ROUND / (1 + 0.35 * this.waiting.length)) };
      this.ended = 0;
    }
    if (!this.step) {
      const shownMonth = this.shown[0]?.month;
      const past = shownMonth !== undefined && shownMonth < this.latest;
      if (!past)
        this.ended = 0; // nothing later to make room for: the picture stays
      else if (!this.ended) this.ended = time;
      const alpha = past ? Math.max(0, Math.min(1, 2 - (2 * (time - this.ended)) / HOLD)) : 1;
      if (past && alpha === 0) {
        this.shown = [];
        this.ended = 0;
      }
      return { rounds: this.shown, round: null, progress: 1, alpha };
    }
    const done = (time - this.step.began) / this.step.lasts;
    return { rounds: this.shown, round: this.step.round, progress: (done - FAIL) / (1 - FAIL), alpha: 1 };
  }
}

/** One sentence on a round. */
export function tell(round, names) {
  const few = (rows) => {
    const known = rows.slice(0, 3).map((row) => names[row] ?? "a firm");
    return rows.length > 3
      ? `${known.join(", ")} and ${rows.length - 3} more`
      : known.join(", ").replace(/, ([^,]*)$/, " and $1");
  };
  const channels = [...new Set(round.edges.map((edge) => edge.channel))];
  const fails = round.firms.length
    ? `${few(round.firms)} ${round.firms.length > 1 ? "fail" : "fails"}`
    : "losses travel on";
  const by = channels.length ? ` · loss travels by ${channels.slice(0, 4).join(", ")}` : "";
  const which = round.of > 1 ? `round ${round.at} of ${round.of}: ` : "";
  return `${round.label}, ${which}${fails}${by}`;
}
