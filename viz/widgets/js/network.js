// The network of who owes whom: edges on one canvas, firms on another, the cascade over both.

import { KIND_LABELS, colours, digits, dollars, element, lessMotion, listen, rootOf, say, svg, tooltip, typed } from "./common.js";
import { Camera, steer } from "./camera.js";
import { HEALTH_LABELS, drawFirm } from "./marks.js";
import { placeLabels } from "./labels.js";
import { Playback, tell } from "./playback.js";
import { EDGE_KINDS, curveOf, drawArrow, drawEdges, edgeAt, pointOn } from "./edges.js";
import { settle } from "./settle.js";

const MARGIN = { left: 26, right: 26, top: 74, bottom: 50 };
const SMALLEST = 3.2;
const BURDEN = 45; // ms; a picture of the edges that takes longer is drawn without detail while months go by
const SLOW = 40; // ms a picture; above it firms change size at once, not smoothly
const CALM = 250; // ms without a new month after which detail is drawn
const NAMES_EVERY = 250; // ms between new choices of names while months go by
const ICONS = {
  in: "M8 3v10M3 8h10", out: "M3 8h10", whole: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3", picture: "M8 2v8M5 7l3 3 3-3M3 13h10",
};

function render({ model, el }) {
  const life = new AbortController();
  const { signal } = life;
  const root = rootOf(model, el, "network", () => recolour(), signal);
  const camera = new Camera();
  const playback = new Playback();
  const motion = lessMotion();

  // --- the page around the canvases ---------------------------------------------------------------------
  const back = element("canvas", { "aria-hidden": "true" });
  const middle = element("canvas", { "aria-hidden": "true" });
  const front = element("canvas", { "aria-hidden": "true" });
  const month = element("div", { class: "iv-caption-month" });
  const news = element("div", { class: "iv-caption-news" });
  const spoken = element("div", { class: "iv-unseen", "aria-live": "polite" });
  const hint = element("span", { class: "iv-hint" }, "Click, then scroll or drag to zoom and move");
  const replay = element("button", { type: "button", hidden: true }, "Replay cascade");
  const tool = (name, icon, act) => {
    const icons = svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
      svg("path", { d: ICONS[icon], fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round" }));
    const button = element("button", { type: "button", title: name, "aria-label": name }, icons);
    button.addEventListener("click", act, { signal });
    return button;
  };
  const zoomBy = (factor) => {
    camera.about(stage.clientWidth / 2, stage.clientHeight / 2, factor);
    camera.hold(stage.clientWidth, stage.clientHeight);
    viewed();
  };
  const stage = element("div", {
    class: "iv-stage", tabindex: 0, role: "application",
    "aria-label": "Network of firms and what they owe each other. Arrow keys move between firms, Enter opens one,"
      + " plus and minus zoom, Escape lets go. The table below says the same in words.",
  }, back, middle, front,
  element("div", { class: "iv-caption" }, month, news),
  element("div", { class: "iv-tools" },
    tool("Zoom in", "in", () => zoomBy(1.5)), tool("Zoom out", "out", () => zoomBy(1 / 1.5)),
    tool("Whole picture", "whole", () => {
      camera.reset();
      viewed();
    }), tool("Download as PNG", "picture", () => download())),
  element("div", { class: "iv-bottom" }, replay, hint));
  const legend = element("div", { class: "iv-legend" });
  const table = element("div", { class: "iv-table", hidden: true, id: `iv-table-${Math.random().toString(36).slice(2)}` });
  root.append(stage, legend, table, spoken);
  const tip = tooltip(stage);
  const edgePen = back.getContext("2d");
  const namePen = middle.getContext("2d");
  const firmPen = front.getContext("2d");

  // --- what is known ------------------------------------------------------------------------------------
  let firms = { names: [], kinds: [], x: new Float32Array(), y: new Float32Array(), captions: [], sizeNote: "" };
  let count = 0;
  let frame = { month: 0, label: "", cascade: [] };
  let sizes = new Float32Array();
  let sizesBefore = new Float32Array();
  let health = new Uint8Array();
  let edges = { source: [], target: [], kind: [], amount: [], before: [], key: [], order: [], length: 0, most: 1 };
  let began = 0;
  let lasts = 0;
  let lastFrame = 0;
  let largest = 0; // size that stands for the largest mark, of the run so far
  let unit = 1; // radius of a firm of size one
  let spots = { x: new Float32Array(), y: new Float32Array() }; // places at zoom one
  let place = { x: new Float32Array(), y: new Float32Array(), radius: new Float32Array() };
  let labels = [];
  let sides = new Map();
  let captionBoxes = [];
  let shown = new Set(EDGE_KINDS.map((_, i) => i));
  let over = null; // what the pointer is on: {firm} or {edge}
  let walked = -1; // firm the arrow keys are on
  let ink = colours(root);
  let asked = 0;
  let onPage = false;
  let edgesStale = true;
  let heavy = false; // whether a full picture of the edges takes too long for every month
  let plain = false; // whether the edges are drawn without detail now
  let painted = null; // when the edges were last painted, until it is known how long that took
  let rest = 0; // ms the edges are left alone after a painting
  let nextEdges = 0;
  let lastDraw = 0;
  let pace = 16; // ms from one picture to the next, smoothed
  let labelView = "";
  let labelMonth = "";
  let nextLabels = 0;
  let tableDrawn = 0;

  const ratio = () => Math.min(3, globalThis.devicePixelRatio || 1);
  const progress = (time) => (lasts ? Math.max(0, Math.min(1, (time - began) / lasts)) : 1);

  // --- data in ------------------------------------------------------------------------------------------
  function newFirms() {
    const given = model.get("firms") ?? {};
    const names = given.names ?? [];
    firms = { names, kinds: given.kinds ?? [], x: typed(given.x, Float32Array), y: typed(given.y, Float32Array),
      captions: given.captions ?? [], sizeNote: given.size_note ?? "balance sheet" };
    count = Math.min(names.length, firms.x.length, firms.y.length);
    largest = 0;
    sides = new Map();
    drawLegend();
    drawTable();
    newFrame();
    arrange();
  }

  function newFrame() {
    const given = model.get("frame") ?? {};
    const time = performance.now();
    const still = motion.matches;
    const sofar = progress(time);
    const kept = sizes.map((size, i) => mix(sizesBefore[i], size, sofar));
    const keptAmounts = new Map();
    for (let e = 0; e < edges.length; e++) keptAmounts.set(edges.key[e], mix(edges.before[e], edges.amount[e], sofar));
    frame = { month: given.month ?? 0, label: given.label ?? "", cascade: given.cascade ?? [] };
    sizes = typed(given.size, Float32Array).map((size) => (size > 0 && Number.isFinite(size) ? size : 0));
    health = typed(given.health, Uint8Array);
    sizesBefore = sizes.map((size, i) => (i < kept.length ? kept[i] : size));
    edges = readEdges(given, keptAmounts);
    lasts = still || !lastFrame || pace > SLOW ? 0 : Math.min(400, Math.max(30, time - lastFrame));
    began = time;
    lastFrame = time;
    const top = sizes.reduce((most, size) => Math.max(most, size), 0);
    if (top > largest * 1.02) {
      const first = largest === 0;
      largest = top;
      if (first) arrange();
      else scale();
    }
    playback.push(frame.month, frame.label, frame.cascade, still);
    month.textContent = frame.label;
    replay.hidden = !frame.cascade.length || still;
    edgesStale = true;
    if (!table.hidden && time - tableDrawn > 1000) fillTable();
    wake();
  }

  function readEdges(given, keptAmounts) {
    const source = typed(given.source, Int32Array);
    const target = typed(given.target, Int32Array);
    const kind = typed(given.kind, Uint8Array);
    const amount = typed(given.amount, Float32Array);
    const length = Math.min(source.length, target.length, kind.length, amount.length);
    const found = { source: [], target: [], kind: [], amount: [], before: [], key: [], order: [], length: 0, most: 1e-9 };
    for (let e = 0; e < length; e++) {
      const sound = amount[e] > 0 && Number.isFinite(amount[e]) && source[e] >= 0 && target[e] >= 0 && source[e] < count && target[e] < count;
      if (!sound || source[e] === target[e] || kind[e] >= EDGE_KINDS.length) continue;
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
    // A scale that only grows keeps widths comparable from month to month.
    found.most = Math.max(found.most, frame.month ? edges.most : 0);
    return found;
  }

  // --- places -------------------------------------------------------------------------------------------
  function arrange() {
    const width = stage.clientWidth;
    const height = stage.clientHeight;
    if (!width || !height) return;
    if (!onPage) {
      onPage = true; // only now the style sheet tells the colours
      recolour();
    }
    for (const canvas of [back, middle, front]) {
      canvas.width = Math.round(width * ratio());
      canvas.height = Math.round(height * ratio());
    }
    scale();
    spots = places(width, height);
    viewed();
  }

  /** Radius per size: the largest firm of the run so far, or all together, take what room there is. */
  function scale() {
    const { clientWidth: width, clientHeight: height } = stage;
    const total = sizes.reduce((sum, size) => sum + size, 0) || 1;
    const room = Math.max(1, (width - MARGIN.left - MARGIN.right) * (height - MARGIN.top - MARGIN.bottom));
    const widest = Math.min(0.075 * Math.min(width, height) + 6, 46);
    unit = Math.min(widest / Math.sqrt(largest || 1), Math.sqrt((0.09 * room) / (Math.PI * total)));
  }

  /** A place for every firm, as told by Python and moved just enough that none covers another at its present size. */
  function places(width, height) {
    const radii = Float32Array.from({ length: count }, (_, i) => radiusOf(sizes[i] ?? 0));
    const turned = width < 0.85 * height;
    const across = width - MARGIN.left - MARGIN.right;
    const down = height - MARGIN.top - MARGIN.bottom;
    const home = {
      x: Float32Array.from({ length: count }, (_, i) => MARGIN.left + across * finite(turned ? firms.y[i] : firms.x[i])),
      y: Float32Array.from({ length: count }, (_, i) => MARGIN.top + down * finite(turned ? firms.x[i] : firms.y[i])),
    };
    return settle(home, radii, { left: 8, top: MARGIN.top - 20, right: width - 8, bottom: height - 34 });
  }

  function viewed() {
    edgesStale = true;
    labelView = "";
    hint.hidden = camera.zoom > 1;
    wake();
  }

  const radiusOf = (size) => Math.max(SMALLEST, unit * Math.sqrt(size));

  function locate(done) {
    if (place.x.length !== count) {
      place = { x: new Float32Array(count), y: new Float32Array(count), radius: new Float32Array(count) };
    }
    const swell = camera.zoom ** 0.6;
    for (let i = 0; i < count; i++) {
      place.x[i] = spots.x[i] * camera.zoom + camera.x;
      place.y[i] = spots.y[i] * camera.zoom + camera.y;
      place.radius[i] = swell * radiusOf(mix(sizesBefore[i] ?? 0, sizes[i] ?? 0, done));
    }
  }

  // --- drawing ------------------------------------------------------------------------------------------
  function wake() {
    if (!asked && !signal.aborted) asked = requestAnimationFrame(draw);
  }

  function draw(time) {
    asked = 0;
    if (!stage.clientWidth || spots.x.length !== count) return;
    if (painted) {
      // What the last picture of the edges took, to the next chance of drawing, tells whether they are a burden.
      const took = time - painted.at;
      if (!painted.light) heavy = took > BURDEN;
      rest = took > BURDEN ? 3 * took : 0;
      painted = null;
    }
    if (lastDraw && time - lastDraw < 1000) pace += 0.2 * (time - lastDraw - pace);
    lastDraw = time;
    const done = progress(time);
    locate(done);
    const calm = time - lastFrame > CALM;
    const due = edgesStale || (done < 1 && !heavy) || (plain && calm);
    if (due && time >= nextEdges) {
      paintEdges(done, heavy && !calm);
      plain = heavy && !calm;
      painted = { at: performance.now(), light: plain };
      nextEdges = time + rest;
      edgesStale = false;
    }
    const moving = paintFirms(time);
    root.dataset.drawn = String(Number(root.dataset.drawn ?? 0) + 1);
    if (done < 1 || moving || edgesStale || plain || painted) wake();
    else lastDraw = 0;
  }

  function begin(pen) {
    pen.setTransform(ratio(), 0, 0, ratio(), 0, 0);
    pen.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
    pen.lineCap = "butt";
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  function paintEdges(done, light) {
    begin(edgePen);
    paintCaptions(edgePen);
    const centre = over?.firm ?? (walked >= 0 ? walked : model.get("selected"));
    const near = centre >= 0 ? centre : -1;
    drawEdges(edgePen, ink, { edges, place, done, shown, near, single: over?.edge ?? -1, light });
  }

  function paintCaptions(pen) {
    const turned = stage.clientWidth < 0.85 * stage.clientHeight;
    pen.font = "600 12px system-ui, sans-serif";
    pen.fillStyle = ink.soft;
    pen.textBaseline = "middle";
    captionBoxes = [];
    for (const { text, x, y } of firms.captions) {
      const px = (MARGIN.left + (stage.clientWidth - MARGIN.left - MARGIN.right) * finite(turned ? 0 : x)) * camera.zoom + camera.x;
      const py = (turned
        ? MARGIN.top + (stage.clientHeight - MARGIN.top - MARGIN.bottom) * finite(x) - 26
        : MARGIN.top - 12 + (stage.clientHeight - MARGIN.top - MARGIN.bottom) * finite(y)) * camera.zoom + camera.y;
      pen.textAlign = turned ? "left" : x < 0.1 ? "left" : x > 0.9 ? "right" : "center";
      const left = turned ? px - 14 : px;
      const long = pen.measureText(text).width;
      const start = { left, right: left - long, center: left - long / 2 }[pen.textAlign];
      captionBoxes.push([start, py - 8, start + long, py + 8]);
      pen.fillText(text, left, py);
    }
  }

  function paintFirms(time) {
    begin(firmPen);
    const pen = firmPen;
    const play = playback.at(time);
    const losers = paintLosses(pen, play);
    const near = over?.firm ?? -1;
    const order = [...place.x.keys()].sort((a, b) => place.radius[b] - place.radius[a]);
    for (const i of order) {
      const off = place.x[i] < -60 || place.x[i] > stage.clientWidth + 60 || place.y[i] < -60 || place.y[i] > stage.clientHeight + 60;
      if (!off) drawFirm(pen, ink, firms.kinds[i], health[i] ?? 0, place.x[i], place.y[i], place.radius[i]);
    }
    const failing = play.round?.firms ?? [];
    const beat = play.progress < 0 ? 0.5 - 0.5 * Math.cos((play.progress + 1) * 8 * Math.PI) : 0;
    for (const round of play.rounds) for (const i of round.firms) if (i < count) ring(pen, i, 3, ink.loss, 2, play.alpha);
    for (const i of failing) if (i < count) ring(pen, i, 4 + 14 * beat, ink.loss, 3, play.alpha);
    for (const i of losers) if (i < count) ring(pen, i, 2, ink.loss, 1.2, 0.8 * play.alpha);
    const selected = model.get("selected");
    if (selected >= 0 && selected < count) ring(pen, selected, 4, ink.focus, 3, 1);
    if (walked >= 0 && walked < count && stage.matches(":focus")) ring(pen, walked, 7, ink.focus, 1.5, 1);
    if (near >= 0 && near < count) ring(pen, near, 2.5, ink.ink, 1.5, 1);
    const late = paintLabels(play, time);
    pen.font = "700 12px system-ui, sans-serif";
    pen.globalAlpha = play.alpha;
    const falling = new Set(play.rounds.flatMap((round) => round.firms));
    for (const label of labels) if (falling.has(label.row)) writeName(pen, label, ink.loss);
    pen.globalAlpha = 1;
    paintChannels(pen, play);
    const sentence = play.rounds.length ? tell(play.rounds.at(-1), firms.names) : "";
    if (news.textContent !== sentence) {
      news.textContent = sentence;
      if (sentence) spoken.textContent = sentence;
    }
    return playback.moving || late;
  }

  function ring(pen, i, gap, colour, width, alpha) {
    pen.globalAlpha = alpha;
    pen.beginPath();
    pen.arc(place.x[i], place.y[i], place.radius[i] * 1.12 + gap, 0, 2 * Math.PI);
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  /** Losses as lines that grow from who caused them to who bears them; returns whom they have reached. */
  function paintLosses(pen, play) {
    const reached = new Set();
    for (const round of play.rounds) {
      const fresh = round === play.round;
      const far = fresh ? Math.max(0, play.progress) : 1;
      if (far === 0) continue;
      for (const loss of heaviest(round.edges)) {
        if (!(loss.target < count) || loss.target < 0) continue;
        if (far >= 0.95) reached.add(loss.target);
        if (loss.source < 0 || loss.source >= count || loss.source === loss.target) continue;
        const curve = curveOf(place, loss.source, loss.target);
        pen.globalAlpha = (fresh ? 0.95 : 0.5) * play.alpha;
        pen.strokeStyle = ink.loss;
        pen.fillStyle = ink.loss;
        pen.lineWidth = 1.2 + 2.4 * Math.sqrt(Math.min(1, loss.amount / (round.most ?? loss.amount)));
        pen.beginPath();
        pen.moveTo(curve.x0, curve.y0);
        const steps = Math.max(2, Math.round(18 * far));
        for (let s = 1; s <= steps; s++) {
          const spot = pointOn(curve, (far * s) / steps);
          pen.lineTo(spot.x, spot.y);
        }
        pen.stroke();
        if (far >= 1) drawArrow(pen, curve, 7);
        else {
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

  /** The channel's name on the heaviest edges of the latest round. */
  function paintChannels(pen, play) {
    const round = play.rounds.at(-1);
    if (!round || (round === play.round && play.progress < 0.35)) return;
    pen.font = "600 11px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const boxes = [];
    for (const loss of heaviest(round.edges)) {
      if (boxes.length >= 8 || !(loss.target >= 0 && loss.target < count)) continue;
      const from = loss.source >= 0 && loss.source < count && loss.source !== loss.target;
      const spot = from ? pointOn(curveOf(place, loss.source, loss.target), 0.5)
        : { x: place.x[loss.target], y: place.y[loss.target] + place.radius[loss.target] + 14 };
      const text = from ? `${loss.channel} ${dollars(loss.amount)}` : `${loss.channel} (market)`;
      const half = pen.measureText(text).width / 2 + 5;
      const x = Math.max(half + 2, Math.min(stage.clientWidth - half - 2, spot.x));
      const box = [x - half, spot.y - 9, x + half, spot.y + 9];
      if (spot.y < 60 || spot.y > stage.clientHeight - 40) continue;
      if (boxes.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) continue;
      boxes.push(box);
      pen.globalAlpha = play.alpha;
      pen.fillStyle = ink.loss;
      pen.beginPath();
      pen.roundRect(box[0], box[1], 2 * half, 18, 9);
      pen.fill();
      pen.fillStyle = ink.paper;
      pen.fillText(text, x, spot.y + 0.5);
    }
    pen.globalAlpha = 1;
  }

  /** Names of the firms that matter, on their own layer: they change seldom and cost much. */
  function paintLabels(play, time) {
    const falling = new Set(play.rounds.flatMap((round) => round.firms));
    const view = [over?.firm ?? -1, walked, model.get("selected"), play.rounds.length, falling.size, camera.zoom, camera.x, camera.y].join();
    const months = String(frame.month);
    if (view === labelView && (months === labelMonth || time < nextLabels)) return months !== labelMonth;
    labelView = view;
    labelMonth = months;
    nextLabels = time + NAMES_EVERY;
    const pen = namePen;
    begin(pen);
    pen.font = "12px system-ui, sans-serif";
    labels = chooseLabels(pen, new Set([over?.firm ?? -1, walked, model.get("selected"), ...falling]));
    sides = new Map(labels.map((label) => [label.row, label.side]));
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const label of labels) writeName(pen, label, ink.ink);
    return false;
  }

  function writeName(pen, label, colour) {
    pen.textAlign = label.align;
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.strokeStyle = ink.paper;
    pen.lineWidth = 3.5;
    pen.strokeText(label.text, label.x, label.y);
    pen.fillStyle = colour;
    pen.fillText(label.text, label.x, label.y);
  }

  function chooseLabels(pen, must) {
    const solid = captionBoxes.map((box) => ({ box }));
    const wanted = [];
    const swell = camera.zoom ** 0.6;
    for (let i = 0; i < count; i++) {
      const inside = place.x[i] > -20 && place.x[i] < stage.clientWidth + 20 && place.y[i] > -20 && place.y[i] < stage.clientHeight + 20;
      if (!inside) continue;
      const spot = { x: place.x[i], y: place.y[i], radius: swell * radiusOf(sizes[i] ?? 0) };
      if (spot.radius > 2 * SMALLEST || count < 150) {
        const reach = spot.radius * 1.15;
        solid.push({ box: [spot.x - reach, spot.y - reach, spot.x + reach, spot.y + reach] });
      }
      const gone = health[i] === 4;
      // A name shown stays shown unless another firm clearly outweighs its own.
      const weight = (gone ? 0.3 : 1) * spot.radius * (sides.has(i) ? 1.15 : 1) + (must.has(i) ? 1000 : 0);
      wanted.push({ row: i, text: shorten(firms.names[i]), ...spot, must: must.has(i), weight });
    }
    wanted.sort((a, b) => b.weight - a.weight || a.row - b.row);
    const limit = Math.round((stage.clientWidth * stage.clientHeight) / 9000) * Math.ceil(camera.zoom);
    const measure = (text) => pen.measureText(text).width;
    return placeLabels(wanted, solid, sides, measure, stage.clientWidth, stage.clientHeight, limit);
  }

  // --- legend and table ---------------------------------------------------------------------------------
  function drawLegend() {
    const kinds = EDGE_KINDS.map((kind, i) => {
      const line = svg("svg", { width: 30, height: 10, "aria-hidden": "true" }, svg("line", {
        x1: 0, y1: 5, x2: 30, y2: 5, stroke: `var(--iv-${kind.colour})`, "stroke-width": 3,
        "stroke-dasharray": kind.dash.join(" "),
      }));
      const button = element("button", { type: "button", "aria-pressed": String(shown.has(i)), title: kind.about }, line, kind.name);
      button.addEventListener("click", () => {
        if (!shown.delete(i)) shown.add(i);
        button.setAttribute("aria-pressed", String(shown.has(i)));
        edgesStale = true;
        wake();
      }, { signal });
      return button;
    });
    const present = [...new Set(firms.kinds)].filter((kind) => KIND_LABELS[kind]);
    const item = (text, kind, state) => {
      const small = element("canvas", { width: 36, height: 36, style: "width:18px;height:18px", "aria-hidden": "true" });
      const pen = small.getContext("2d");
      pen.scale(2, 2);
      drawFirm(pen, ink, kind, state, 9, 9, 6);
      return element("span", { class: "iv-legend-item" }, small, text);
    };
    const group = (title, items) => element("div", { class: "iv-legend-group" }, element("span", { class: "iv-legend-title" }, title), ...items);
    const words = element("button", { type: "button", "aria-expanded": String(!table.hidden), "aria-controls": table.id }, "Table");
    words.addEventListener("click", () => {
      table.hidden = !table.hidden;
      words.setAttribute("aria-expanded", String(!table.hidden));
      if (!table.hidden) fillTable();
    }, { signal });
    legend.replaceChildren(
      group("Lines (click to hide)", kinds),
      group(`Firms (size: ${firms.sizeNote})`, present.map((kind) => item(KIND_LABELS[kind], kind, 0))),
      group("Health", HEALTH_LABELS.map((text, state) => item(text, "lab", state))),
      group("In words", [words]),
    );
  }

  function drawTable() {
    const head = element("tr", {}, ...["Firm", "Kind", "Balance sheet", "Health", "Owes or has promised", "Is owed"].map(
      (text) => element("th", { scope: "col" }, text)));
    const body = element("tbody");
    for (let i = 0; i < count; i++) {
      const open = element("button", { type: "button" }, firms.names[i]);
      open.addEventListener("click", () => say(model, "clicked", { firm: i }), { signal });
      body.append(element("tr", {}, element("td", {}, open), element("td", {}, KIND_LABELS[firms.kinds[i]] ?? firms.kinds[i] ?? ""),
        element("td", { class: "iv-amount" }), element("td"), element("td", { class: "iv-amount" }), element("td", { class: "iv-amount" })));
    }
    table.replaceChildren(element("table", {}, element("thead", {}, head), body));
    if (!table.hidden) fillTable();
  }

  function fillTable() {
    tableDrawn = performance.now();
    const { owes, owed } = tallies();
    table.querySelectorAll("tbody tr").forEach((line, i) => {
      const cells = line.children;
      cells[2].textContent = dollars(sizes[i] ?? NaN);
      cells[3].textContent = HEALTH_LABELS[health[i] ?? 0] ?? "";
      cells[4].textContent = dollars(owes[i]);
      cells[5].textContent = dollars(owed[i]);
    });
  }

  function tallies() {
    const owes = new Float64Array(count);
    const owed = new Float64Array(count);
    for (let e = 0; e < edges.length; e++) {
      owes[edges.source[e]] += edges.amount[e];
      owed[edges.target[e]] += edges.amount[e];
    }
    return { owes, owed };
  }

  // --- pointer and keys ---------------------------------------------------------------------------------
  function firmAt(x, y) {
    let best = -1;
    let nearest = 14;
    for (let i = 0; i < count; i++) {
      const away = Math.hypot(place.x[i] - x, place.y[i] - y) - place.radius[i];
      if (away < Math.min(nearest, 5) || (away < nearest && away < 0)) {
        nearest = away;
        best = i;
      }
    }
    return best;
  }

  function aboutFirm(i) {
    const lines = [`${KIND_LABELS[firms.kinds[i]] ?? firms.kinds[i]}, ${HEALTH_LABELS[health[i] ?? 0]}`, `balance sheet ${dollars(sizes[i] ?? NaN)}`];
    EDGE_KINDS.forEach((kind, k) => {
      for (const [side, words] of [["source", kind.gives], ["target", kind.takes]]) {
        let sum = 0;
        let ties = 0;
        for (let e = 0; e < edges.length; e++) {
          if (edges.kind[e] === k && edges[side][e] === i) {
            sum += edges.amount[e];
            ties += 1;
          }
        }
        if (ties) lines.push(`${words} ${dollars(sum)} (${digits(ties)} ${ties === 1 ? "firm" : "firms"})`);
      }
    });
    return [firms.names[i], ...lines];
  }

  function aboutEdge(e) {
    const kind = EDGE_KINDS[edges.kind[e]];
    const from = firms.names[edges.source[e]];
    const to = firms.names[edges.target[e]];
    return [`${from} → ${to}`, `${kind.name}: ${from} ${kind.verb} ${to} ${dollars(edges.amount[e])}`];
  }

  function hover(x, y) {
    const before = over;
    if (x === null) {
      over = null;
      tip.hide();
    } else {
      const firm = firmAt(x, y);
      const edge = firm < 0 ? edgeAt(x, y, edges, place, shown) : -1;
      over = firm >= 0 ? { firm } : edge >= 0 ? { edge } : null;
      if (over) tip.show(x, y, firm >= 0 ? aboutFirm(firm) : aboutEdge(edge));
      else tip.hide();
      stage.style.cursor = over ? "pointer" : "";
    }
    if (before?.firm !== over?.firm || before?.edge !== over?.edge) {
      edgesStale = true;
      wake();
    }
  }

  function open(firm) {
    say(model, "clicked", { firm });
  }

  function walk(dx, dy) {
    const start = walked >= 0 ? walked : model.get("selected");
    if (!(start >= 0 && start < count)) return [...place.radius.keys()].sort((a, b) => place.radius[b] - place.radius[a])[0] ?? -1;
    let best = start;
    let least = Infinity;
    for (let i = 0; i < count; i++) {
      const x = place.x[i] - place.x[start];
      const y = place.y[i] - place.y[start];
      const along = x * dx + y * dy;
      const aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (i === start || along <= 0.5) continue;
      const cost = along + 2.2 * aside;
      if (cost < least) {
        least = cost;
        best = i;
      }
    }
    return best;
  }

  stage.addEventListener("keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (steps[event.key] && count) {
      walked = walk(...steps[event.key]);
      const words = aboutFirm(walked);
      spoken.textContent = words.join(", ");
      tip.show(place.x[walked], place.y[walked] + place.radius[walked], words);
    } else if ((event.key === "Enter" || event.key === " ") && walked >= 0) open(walked);
    else if (event.key === "Escape") {
      walked = -1;
      tip.hide();
      open(-1);
    } else if (event.key === "+" || event.key === "=") zoomBy(1.4);
    else if (event.key === "-") zoomBy(1 / 1.4);
    else if (event.key === "0") {
      camera.reset();
      viewed();
    } else return;
    event.preventDefault();
    edgesStale = true;
    wake();
  }, { signal });
  stage.addEventListener("blur", () => {
    walked = -1;
    tip.hide();
    viewed();
  }, { signal });
  replay.addEventListener("click", () => {
    playback.again(frame.month, frame.label, frame.cascade);
    wake();
  }, { signal });
  steer(stage, camera, {
    moved: viewed,
    hover,
    click(x, y) {
      const firm = firmAt(x, y);
      if (firm < 0) hover(x, y);
      open(firm);
    },
  }, signal);

  // --- the picture as a file ----------------------------------------------------------------------------
  function download() {
    const sheet = element("canvas");
    sheet.width = back.width;
    sheet.height = back.height;
    const pen = sheet.getContext("2d");
    pen.fillStyle = ink.paper;
    pen.fillRect(0, 0, sheet.width, sheet.height);
    for (const layer of [back, middle, front]) pen.drawImage(layer, 0, 0);
    pen.scale(ratio(), ratio());
    pen.fillStyle = ink.ink;
    pen.textBaseline = "top";
    pen.font = "650 20px system-ui, sans-serif";
    pen.fillText(month.textContent, 12, 8);
    pen.font = "600 13px system-ui, sans-serif";
    pen.fillStyle = ink.loss;
    pen.fillText(news.textContent, 12, 34);
    let x = 12;
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    EDGE_KINDS.forEach((kind, k) => {
      if (!shown.has(k)) return;
      const y = stage.clientHeight - 14;
      pen.beginPath();
      pen.strokeStyle = ink[kind.colour];
      pen.lineWidth = 3;
      pen.setLineDash(kind.dash);
      pen.moveTo(x, y);
      pen.lineTo(x + 28, y);
      pen.stroke();
      pen.fillStyle = ink.ink;
      pen.fillText(kind.name, x + 33, y);
      x += 48 + pen.measureText(kind.name).width;
    });
    sheet.toBlob((blob) => {
      if (!blob || signal.aborted) return;
      const address = URL.createObjectURL(blob);
      element("a", { href: address, download: `network-${frame.label || frame.month}.png` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    });
  }

  function recolour() {
    ink = colours(root);
    drawLegend();
    viewed();
  }

  const watch = new ResizeObserver(arrange);
  watch.observe(stage);
  listen(model, "change:firms", newFirms, signal);
  listen(model, "change:frame", newFrame, signal);
  listen(model, "change:selected", () => {
    edgesStale = true;
    wake();
  }, signal);
  motion.addEventListener("change", newFrame, { signal });
  newFirms();
  return () => {
    life.abort();
    watch.disconnect();
    cancelAnimationFrame(asked);
    root.remove();
  };
}

function mix(before, after, done) {
  return before + (after - before) * done;
}

function finite(value) {
  return Number.isFinite(value) ? value : 0.5;
}

function shorten(name) {
  const text = String(name ?? "");
  return text.length > 26 ? `${text.slice(0, 25)}…` : text;
}

const HEAVY = 60;
/** The heaviest losses of a round, as many as can be told apart. */
function heaviest(losses) {
  if (!losses.heavy) {
    losses.heavy = [...losses].filter((loss) => loss.amount > 0).sort((a, b) => b.amount - a.amount).slice(0, HEAVY);
  }
  return losses.heavy;
}

export default { render };
