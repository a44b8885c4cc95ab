// Small panels of lines over the same months. uPlot draws them; it stands before this file as a global name.
/* global uPlot */

import { calendarMonth, colours, digits, element, listed, listen, monthName, rootOf, save, say, speak, told, typed, yearOf } from "./common.js";

const HEIGHT = 150; // of a plot that is not on the page yet
const EVERY = 100; // ms between two drawings while months go by
const LONG = 30; // months beyond which years are enough on the axis
const AXIS = 46;
const LEFT_OF_PLOT = 9; // border and padding of a panel
const SERIES = 6;
const LONGEST = 18; // letters of a name on the line of time
const NAME_ROOM = 124; // px right of that line, for the name of who failed last

/** The values of a run by column, as they arrive; NaN becomes null, which uPlot leaves blank. */
class Runs {
  constructor(model) {
    this.model = model;
    this.reset();
  }

  reset() {
    const history = this.model.get("history") ?? {};
    this.columns = history.columns ?? [];
    for (const which of ["data", "baseline"]) {
      const given = history[which];
      this[which] = {
        run: given?.run ?? null,
        first: given?.first ?? 0,
        months: 0,
        values: this.columns.map(() => []),
      };
      if (given) this.add(which, typed(given.values, Float32Array), given.months);
    }
  }

  add(which, values, months) {
    const held = this[which];
    held.values.forEach((list, c) => {
      for (let i = 0; i < months; i++) {
        const value = values[c * months + i];
        list.push(Number.isFinite(value) ? value : null);
      }
    });
    held.months += months;
  }

  /** Take in the newest months; false if some before them are missing. */
  extend() {
    const tail = this.model.get("tail") ?? {};
    const held = this[tail.which];
    if (!held) return true;
    if (held.run !== tail.run || held.months < tail.at) return false;
    if (held.months > tail.at) return true; // known from the history already
    const values = typed(tail.values, Float32Array);
    this.add(tail.which, values, values.length / (this.columns.length || 1));
    return true;
  }

  line(which, column) {
    return this[which].values[this.columns.indexOf(column)] ?? [];
  }
}

export default () => {
  let runs = null;
  return {
    initialize({ model }) {
      const life = new AbortController();
      runs = new Runs(model);
      const heard = () => {
        if (!runs.extend()) model.send({ ask: "history" });
      };
      heard();
      listen(model, "change:history", () => runs.reset(), life.signal);
      listen(model, "change:tail", heard, life.signal);
      return () => life.abort();
    },
    render({ model, el }) {
      return show(model, el, runs);
    },
  };
};

function show(model, el, runs) {
  const life = new AbortController();
  const { signal } = life;
  speak(model);
  const root = rootOf(model, el, "charts", () => rebuild(), signal);
  const title = element("span", { class: "iv-line-title" });
  const keep = element("button", { type: "button", class: "iv-save", title: told("chart-download") }, "PNG");
  const time = element("div", { class: "iv-time" });
  const line = element("div", { class: "iv-line" }, title, time, keep);
  const grid = element("div", {
    class: "iv-grid",
    tabindex: 0,
    role: "group",
    "aria-label": told("chart-reading"),
  });
  const spoken = element("div", { class: "iv-unseen", "aria-live": "polite" });
  const note = element("div", { class: "iv-charts-note" });
  root.append(line, grid, note, spoken);
  const sync = uPlot.sync(`iv-${Math.random()}`);
  let ink = colours(root);
  let charts = [];
  let asked = 0;
  let later = 0;
  let drawnAt = -EVERY;
  let reading = null; // month under the pointer or chosen by keys
  let stale = new Set();
  let built = false;

  const nameOf = (month) => monthName(month, model.get("opening"));
  const family = () => getComputedStyle(root).fontFamily;

  // --- months -------------------------------------------------------------------------------------------
  function months() {
    const held = [runs.data, runs.baseline].filter((run) => run.months > 0);
    if (!held.length) return { first: 0, last: Math.max(1, model.get("until")), count: 0 };
    const first = Math.min(...held.map((run) => run.first));
    const last = Math.max(...held.map((run) => run.first + run.months - 1));
    return { first, last: Math.max(last, model.get("until"), first + 1), count: last - first + 1 };
  }

  function aligned(which, column, first) {
    const run = runs[which];
    const values = runs.line(which, column);
    return run.first > first && run.months ? [...new Array(run.first - first).fill(null), ...values] : values;
  }

  function valueAt(which, column, month) {
    return runs.line(which, column)[month - runs[which].first] ?? null;
  }

  // --- panels -------------------------------------------------------------------------------------------
  function build() {
    charts = (model.get("panels") ?? []).map((panel, p) => {
      const unit = element("span", { class: "iv-panel-unit" }, panel.unit ?? "");
      const heading = element("span", { class: "iv-panel-title" }, panel.title ?? "");
      const about = element(
        "div",
        { class: "iv-about", hidden: true, id: `iv-about-${p}-${Math.random().toString(36).slice(2)}` },
        panel.about ?? "",
      );
      const why = element(
        "button",
        {
          type: "button",
          title: told("chart-what"),
          "aria-expanded": "false",
          "aria-controls": about.id,
          "aria-label": told("chart-what-of", { title: panel.title ?? "" }),
        },
        "?",
      );
      const shut = (closed) => {
        about.hidden = closed;
        why.setAttribute("aria-expanded", String(!closed));
      };
      why.addEventListener("click", () => shut(!about.hidden), { signal });
      about.addEventListener("click", () => shut(true), { signal });
      const series = panel.series ?? [];
      const numbers = series.map(() => element("b", { style: "font-weight:600" }));
      const bases = series.map(() => element("span"));
      const values = element(
        "div",
        { class: "iv-values" },
        ...series.map((one, i) =>
          element(
            "span",
            { class: "iv-value" },
            element("i", { style: `background: var(--iv-series${(i % SERIES) + 1})` }),
            element("span", {}, one.name ?? ""),
            numbers[i],
            bases[i],
          ),
        ),
      );
      const plot = element("div", { class: "iv-plot", role: "img" });
      const box = element(
        "div",
        { class: "iv-panel" },
        element("div", { class: "iv-panel-head" }, heading, unit, panel.about ? why : null),
        values,
        plot,
        about,
      );
      grid.append(box);
      const chart = { panel, series, numbers, bases, plot, box, drawn: null, seen: true };
      chart.drawn = new uPlot(options(chart), dataOf(chart), plot);
      sync.sub(chart.drawn);
      return chart;
    });
    if (!charts.length) grid.append(element("div", { class: "iv-empty" }, told("chart-none")));
    for (const chart of charts) inView.observe(chart.box);
    readOut();
    drawLine();
  }

  function dispose() {
    for (const chart of charts) {
      inView.unobserve(chart.box);
      sync.unsub(chart.drawn);
      chart.drawn.destroy();
    }
    charts = [];
    grid.replaceChildren();
  }

  function rebuild() {
    if (!grid.clientWidth) return;
    built = true;
    ink = colours(root);
    dispose();
    build();
  }

  function options(chart) {
    const log = Boolean(chart.panel.log);
    const small = `11px ${family()}`;
    const lines = (dashed) =>
      chart.series.map((one, i) => ({
        label: one.name,
        stroke: ink[`series${(i % SERIES) + 1}`],
        width: dashed ? 1 : 1.8,
        dash: dashed ? [5, 4] : undefined,
        alpha: dashed ? 0.8 : 1,
        points: { show: false },
      }));
    return {
      width: Math.max(80, chart.plot.clientWidth || 280),
      height: chart.plot.clientHeight || HEIGHT,
      legend: { show: false },
      cursor: {
        sync: { key: sync.key, setSeries: false },
        y: false,
        drag: { x: false, y: false },
        points: { size: 6 },
        bind: { dblclick: () => null },
      },
      scales: {
        x: {
          time: false,
          range: () => {
            const { first, last } = months();
            return [first, last];
          },
        },
        y: log ? { distr: 3, range: (_u, low, high) => roomyLog(low, high) } : { range: (_u, low, high) => roomy(low, high) },
      },
      axes: [
        {
          stroke: ink.soft,
          grid: { show: false },
          ticks: { stroke: ink.line, size: 4 },
          size: 24,
          gap: 2,
          font: small,
          splits: (u) => yearTicks(u.scales.x.min, u.scales.x.max, u.bbox.width / devicePixelRatio, model.get("opening")),
          values: (u, splits) => splits.map((month) => tickName(month, u.scales.x.max - u.scales.x.min, model.get("opening"))),
        },
        {
          stroke: ink.soft,
          grid: { stroke: ink.line, width: 0.6 },
          ticks: { show: false },
          size: AXIS,
          gap: 4,
          font: small,
          space: 28,
          splits: log ? (_u, _axis, low, high) => decades(low, high) : undefined,
          values: (_u, splits) => splits.map((value) => (value === null ? "" : short(value))),
        },
      ],
      series: [{}, ...lines(false), ...lines(true)],
      hooks: { draw: [(u) => drawMarks(u)], setCursor: [(u) => pointed(u)] },
    };
  }

  function dataOf(chart) {
    const { first, count } = months();
    const xs = Array.from({ length: count }, (_, i) => first + i);
    const fit = (values) => {
      const kept = chart.panel.log ? values.map((value) => (value > 0 ? value : null)) : values;
      return kept.length < count ? [...kept, ...new Array(count - kept.length).fill(null)] : kept;
    };
    const lines = (which) => chart.series.map((one) => fit(aligned(which, one.column, first)));
    return [xs, ...lines("data"), ...lines("baseline")];
  }

  /** The scrubbed month and the failures, drawn into a panel. */
  function drawMarks(u) {
    const pen = u.ctx;
    const { left, top, width, height } = u.bbox;
    const upright = (month, colour, thick, dash, from, to) => {
      const x = Math.round(u.valToPos(month, "x", true)) + 0.5;
      if (x < left || x > left + width) return;
      pen.beginPath();
      pen.strokeStyle = colour;
      pen.lineWidth = thick * devicePixelRatio;
      pen.setLineDash(dash);
      pen.moveTo(x, top + height * from);
      pen.lineTo(x, top + height * to);
      pen.stroke();
      pen.setLineDash([]);
    };
    pen.save();
    for (const month of new Set((model.get("marks") ?? []).map((mark) => mark.month)))
      upright(month, ink.loss, 1.5, [], 0.93, 1);
    const cursor = model.get("cursor");
    if (cursor >= 0) upright(cursor, ink.focus, 1.5, [], 0, 1);
    pen.restore();
  }

  /** A line of time with those who failed: names where there is room for them, ticks for the others. */
  function drawLine() {
    const { first, last } = months();
    const wide = Math.max(60, line.clientWidth - NAME_ROOM);
    const at = (month) => (wide * (month - first)) / (last - first);
    const byMonth = new Map();
    for (const mark of model.get("marks") ?? []) {
      if (mark.month < first || mark.month > last) continue;
      byMonth.set(mark.month, [...(byMonth.get(mark.month) ?? []), String(mark.text ?? "")]);
    }
    const years = yearTicks(first, last, wide, model.get("opening")).map((month) =>
      element("span", { class: "iv-year", style: `left:${at(month)}px` }, tickName(month, last - first, model.get("opening"))),
    );
    // From the last to the first, so that no name covers the tick of a later one: names take the lower row if no
    // tick follows within their length, else the upper one.
    let tick = Infinity;
    let upper = Infinity;
    const buttons = [...byMonth]
      .sort((a, b) => b[0] - a[0])
      .map(([month, names]) => {
        const x = at(month);
        const name = names[0].length > LONGEST ? `${names[0].slice(0, LONGEST - 1)}…` : names[0];
        const text = names.length > 1 ? `${name} +${names.length - 1}` : name;
        const end = x + 6.8 * text.length + 12;
        const row = end < tick ? 0 : end < upper ? 1 : -1;
        tick = x;
        if (row === 1) upper = x;
        const whole = `${listed([...names, nameOf(month)])}`;
        const button = element(
          "button",
          {
            type: "button",
            class: "iv-mark",
            title: whole,
            "aria-label": told("chart-failed", { who: whole }),
            style: `left:${x}px;height:${row === 1 ? 38 : row === 0 ? 20 : 12}px`,
          },
          row < 0 ? "" : text,
        );
        button.addEventListener("click", () => say(model, "clicked_month", { month }), { signal });
        return button;
      });
    title.textContent = told(buttons.length ? "chart-failures" : "chart-no-failures");
    time.replaceChildren(...years, ...buttons.reverse());
  }

  // --- reading off --------------------------------------------------------------------------------------
  function pointed(u) {
    const index = u.cursor.idx;
    const month = index === null || index === undefined || u.cursor.left < 0 ? null : u.data[0][index];
    if (month !== reading) {
      reading = month ?? null;
      readOut();
    }
  }

  function readOut() {
    const { data, baseline } = runs;
    const last = data.months ? data.first + data.months - 1 : null;
    const cursor = model.get("cursor");
    const month = reading ?? (cursor >= 0 && data.months ? Math.min(cursor, last) : last);
    for (const chart of charts) {
      chart.series.forEach((one, i) => {
        const value = month === null ? null : valueAt("data", one.column, month);
        const base = month === null || !baseline.months ? null : valueAt("baseline", one.column, month);
        chart.numbers[i].textContent = value === null ? "–" : digits(value);
        chart.bases[i].textContent = base === null ? "" : told("chart-baseline", { value: digits(base) });
      });
      const words = chart.series.map((one, i) => `${one.name ?? ""} ${chart.numbers[i].textContent}`).join(", ");
      chart.plot.setAttribute("aria-label", `${chart.panel.title ?? ""}, ${chart.panel.unit ?? ""}: ${words}`);
    }
    const words = baseline.months ? "chart-values-dashed" : "chart-values";
    note.textContent = month === null ? "" : told(words, { month: nameOf(month) });
  }

  grid.addEventListener(
    "keydown",
    (event) => {
      if (event.target !== grid || event.ctrlKey || event.metaKey || event.altKey || !runs.data.months) return;
      const { first, count } = months();
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 }[event.key];
      if (step) {
        const start = reading ?? Math.max(first, model.get("cursor") >= 0 ? model.get("cursor") : first + count - 1);
        reading = Math.max(first, Math.min(first + count - 1, start + step));
        readOut();
        spoken.textContent = `${nameOf(reading)}: ${charts.map((chart) => chart.plot.getAttribute("aria-label")).join("; ")}`;
        for (const { drawn } of charts) drawn.setCursor({ left: drawn.valToPos(reading, "x"), top: 1 }, false);
      } else if (event.key === "Enter" && reading !== null) say(model, "clicked_month", { month: reading });
      else return;
      event.preventDefault();
    },
    { signal },
  );
  grid.addEventListener(
    "click",
    (event) => {
      if (event.target.closest(".u-over") && reading !== null) say(model, "clicked_month", { month: reading });
    },
    { signal },
  );

  // --- keeping up ---------------------------------------------------------------------------------------
  function wake() {
    stale = new Set(charts);
    if (asked || later || signal.aborted) return;
    const rest = EVERY - (performance.now() - drawnAt);
    if (rest <= 0) asked = requestAnimationFrame(update);
    else {
      later = setTimeout(() => {
        later = 0;
        update();
      }, rest);
    }
  }

  function update() {
    asked = 0;
    drawnAt = performance.now();
    for (const chart of stale) {
      if (!chart.seen) continue; // drawn when it scrolls into view
      chart.drawn.setData(dataOf(chart));
      stale.delete(chart);
    }
    readOut();
  }

  function redrawMarks() {
    drawLine();
    wake();
  }

  const inView = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const chart = charts.find((one) => one.box === entry.target);
        if (chart) chart.seen = entry.isIntersecting;
      }
      if (stale.size && !asked && !signal.aborted) asked = requestAnimationFrame(update);
    },
    { rootMargin: "100px" },
  );
  /** Draw those out of sight too: a picture or a sheet of paper shows them all. */
  function complete() {
    for (const chart of charts) if (!chart.seen) chart.drawn.setData(dataOf(chart));
  }
  addEventListener("beforeprint", complete, { signal });
  matchMedia("print").addEventListener("change", complete, { signal });

  const watch = new ResizeObserver(() => {
    if (!built && grid.clientWidth > 0) rebuild(); // only on the page the style sheet tells colours and widths
    for (const { drawn, plot } of charts) {
      const width = plot.clientWidth;
      if (width > 0 && width !== drawn.width) drawn.setSize({ width, height: plot.clientHeight || HEIGHT });
    }
    drawLine();
  });
  watch.observe(grid);

  // --- the panels as a picture --------------------------------------------------------------------------
  keep.addEventListener(
    "click",
    () => {
      const ratio = devicePixelRatio || 1;
      const area = grid.getBoundingClientRect();
      const sheet = element("canvas", {
        width: Math.round(area.width * ratio),
        height: Math.round((area.height + 24) * ratio),
      });
      const pen = sheet.getContext("2d");
      pen.scale(ratio, ratio);
      pen.fillStyle = ink.paper;
      pen.fillRect(0, 0, area.width, area.height + 24);
      pen.textBaseline = "top";
      complete();
      for (const chart of charts) {
        const box = chart.box.getBoundingClientRect();
        const place = chart.plot.getBoundingClientRect();
        const x = box.left - area.left + LEFT_OF_PLOT;
        const y = box.top - area.top + 8;
        pen.fillStyle = ink.ink;
        pen.font = `600 14px ${family()}`;
        pen.fillText(chart.panel.title ?? "", x, y);
        const after = x + pen.measureText(chart.panel.title ?? "").width + 6;
        pen.font = `12px ${family()}`;
        pen.fillStyle = ink.soft;
        pen.fillText(chart.panel.unit ?? "", after, y + 2);
        chart.series.forEach((one, i) => {
          const text = `${one.name ?? ""} ${chart.numbers[i].textContent} ${chart.bases[i].textContent}`;
          pen.fillStyle = ink[`series${(i % SERIES) + 1}`];
          pen.fillRect(x, y + 31 + 17 * i, 12, 3);
          pen.fillStyle = ink.ink;
          pen.fillText(text, x + 17, y + 25 + 17 * i);
        });
        pen.drawImage(chart.drawn.ctx.canvas, place.left - area.left, place.top - area.top, chart.drawn.width, chart.drawn.height);
      }
      pen.fillStyle = ink.soft;
      pen.fillText(note.textContent.replace(/ · click.*/, ""), 8, area.height + 6);
      save(sheet, "charts.png", signal);
    },
    { signal },
  );

  rebuild();
  for (const trait of ["panels", "opening"]) listen(model, `change:${trait}`, rebuild, signal);
  for (const trait of ["history", "tail"]) listen(model, `change:${trait}`, wake, signal);
  listen(model, "change:history", drawLine, signal);
  for (const trait of ["marks", "until"]) listen(model, `change:${trait}`, redrawMarks, signal);
  listen(model, "change:cursor", wake, signal);
  return () => {
    life.abort();
    cancelAnimationFrame(asked);
    clearTimeout(later);
    watch.disconnect();
    inView.disconnect();
    dispose();
    root.remove();
  };
}

/** A range from zero, with room above. */
function roomy(low, high) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const top = Math.max(high, 0);
  const bottom = Math.min(low, 0);
  if (top === bottom) return [0, 1];
  const room = (top - bottom) * 0.06;
  return [bottom < 0 ? bottom - room : 0, top > 0 ? top + room : 0];
}

function roomyLog(low, high) {
  if (!(low > 0 && Number.isFinite(high))) return [1, 10];
  const room = Math.max((high / low) ** 0.06, 1.1);
  return [low / room, high * room];
}

/** Januaries, fewer of them where there is no room; single months on a short axis. */
function yearTicks(first, last, width, opening) {
  const january = (12 - (calendarMonth(opening) % 12)) % 12;
  const wanted = Math.max(2, Math.floor(width / 44));
  const steps = last - first > LONG ? [12, 24, 36, 60, 120, 240, 600, 1200] : [1, 2, 3, 6, 12];
  const step = steps.find((months) => (last - first) / months <= wanted) ?? 2400;
  const ticks = [];
  for (let month = january + Math.ceil((first - january) / step) * step; month <= last; month += step) ticks.push(month);
  return ticks;
}

/** Powers of ten, not more than five of them; round numbers between them on a short axis. */
function decades(low, high) {
  const span = Math.log10(high / low);
  const between = span < 1.2 ? [1, 2, 5] : span < 2.4 ? [1, 3] : [1];
  const step = Math.max(1, Math.ceil((span - 1) / 5));
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += step) {
    ticks.push(...between.map((times) => times * 10 ** power));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

function tickName(month, span, opening) {
  return span > LONG ? yearOf(month, opening) : monthName(month, opening, true);
}

function short(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${digits(value / 1e6)}m`;
  if (size >= 1e4) return `${digits(value / 1e3)}k`;
  return digits(value);
}
