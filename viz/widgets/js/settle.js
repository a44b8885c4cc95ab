// Places told by Python, moved just enough that no firm covers another.

const GAP = 5;

/** New places {x, y} within `frame`: discs that overlap push each other apart, and all are drawn back home. */
export function settle(home, radii, frame) {
  const count = home.x.length;
  const x = Float32Array.from(home.x);
  const y = Float32Array.from(home.y);
  const order = [...x.keys()].sort((a, b) => home.x[a] - home.x[b] || a - b);
  const reach = 2 * radii.reduce((most, radius) => Math.max(most, radius), 0) + GAP;
  const rounds = count > 400 ? 24 : 80;
  for (let round = 0; round < rounds; round++) {
    order.sort((a, b) => x[a] - x[b]);
    for (let i = 0; i < count; i++) {
      const a = order[i];
      for (let j = i + 1; j < count; j++) {
        const b = order[j];
        const dx = x[b] - x[a];
        if (dx > reach) break;
        const dy = y[b] - y[a];
        const least = radii[a] + radii[b] + GAP;
        const away = Math.hypot(dx, dy);
        if (away >= least) continue;
        const push = (least - away) / 2;
        // Two firms in one spot part along a direction that is the same every time.
        const ux = away > 1e-6 ? dx / away : Math.cos(a + 2 * b);
        const uy = away > 1e-6 ? dy / away : Math.sin(a + 2 * b);
        const share = radii[b] / (radii[a] + radii[b]); // the larger one moves less
        x[a] -= 2 * push * share * ux;
        y[a] -= 2 * push * share * uy;
        x[b] += 2 * push * (1 - share) * ux;
        y[b] += 2 * push * (1 - share) * uy;
      }
    }
    const pull = round < rounds - 12 ? 0.03 : 0;
    for (let i = 0; i < count; i++) {
      const edge = radii[i] + 2;
      x[i] = Math.max(frame.left + edge, Math.min(frame.right - edge, x[i] + pull * (home.x[i] - x[i])));
      y[i] = Math.max(frame.top + edge, Math.min(frame.bottom - edge, y[i] + pull * (home.y[i] - y[i])));
    }
  }
  return { x, y };
}
