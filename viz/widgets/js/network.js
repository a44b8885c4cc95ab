// The network of who owes whom: edges on one canvas, names on the next, firms and cascades on the top one.

import { colours, element, lessMotion, listed, listen, rootOf, save, say, speak, svg, told, tooltip } from "./common.js";
import { Books } from "./books.js";
import { Camera, steer } from "./camera.js";
import { EDGE_KINDS, drawEdges, edgeAt } from "./edges.js";
import { LINE, placeLabels } from "./labels.js";
import { drawApart, drawChannels, drawLosses, drawVictims, ring } from "./losses.js";
import { HEALTH, drawFirm } from "./marks.js";
import { Playback, tell } from "./playback.js";
import { settle } from "./settle.js";
import { Film, paintSheet, records, sheetFor } from "./sheet.js";
import { drawLegend, drawTable, fillTable } from "./words.js";

const SIDE = 26; // px kept free beside the firms
const BELOW = 50; // the same below, for the button and the hint
const ABOVE = 74; // and above, for the month, the sentence on a cascade and the lanes' titles
const ABOVE_NARROW = 118; // on a narrow screen that sentence takes more lines
const SMALLEST = 3.2; // radius
const BURDEN = 45; // ms; edges that take longer to draw are drawn without detail while months go by
const REST = 400; // ms such edges are left alone, unless the visitor moves the picture
const FEW = 150; // edges that are never a burden
const SLOW = 40; // ms a picture; above it firms change size at once, not smoothly
const CALM = 700; // ms without a new month after which detail is drawn
const PROBE = 4000; // ms after which edges that were a burden are drawn in full again, months going by or not
const NAMES_EVERY = 250; // ms between new choices of names while months go by
const ROOMY = new Set(["lab", "hyperscaler", "neocloud", "lender"]); // marks wide enough for a name on them
const TABLE_EVERY = 1000; // ms between new numbers in the table
const ICONS = {
  in: "M8 3v10M3 8h10",
  out: "M3 8h10",
  whole: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  picture: "M8 2v8M5 7l3 3 3-3M3 13h10",
  film: "M8 3.2a4.8 4.8 0 1 0 .01 0z",
};

function render({ model, el }) {
  const life = new AbortController();
  const { signal } = life;
  speak(model);
  const root = rootOf(model, el, "network", () => recolour(), signal);
  const books = new Books();
  const camera = new Camera();
  const playback = new Playback();
  const motion = lessMotion();

  // --- the page around the canvases ---
  const layers = [0, 1, 2].map(() => element("canvas", { "aria-hidden": "true" }));
  const [edgePen, namePen, firmPen] = layers.map((layer) => layer.getContext("2d"));
  const month = element("div", { class: "iv-caption-month" });
  const news = element("div", { class: "iv-caption-news" });
  const caption = element("div", { class: "iv-caption" }, month, news);
  const spoken = element("div", { class: "iv-unseen", "aria-live": "polite" });
  const hint = element("span", { class: "iv-hint" }, told("network-hint"));
  const replay = element("button", { type: "button", hidden: true }, told("network-replay"));
  const tools = element(
    "div",
    { class: "iv-tools" },
    tool(told("network-zoom-in"), "in", () => zoomBy(1.5)),
    tool(told("network-zoom-out"), "out", () => zoomBy(1 / 1.5)),
    tool(told("network-whole"), "whole", whole),
    tool(told("network-download"), "picture", download),
  );
  const rolling = tool(told("picture-film"), "film", () => (film.running ? cut() : roll()));
  rolling.setAttribute("aria-pressed", "false");
  if (records()) tools.append(rolling);
  const stage = element(
    "div",
    { class: "iv-stage", tabindex: 0, role: "application", "aria-label": told("network-explained") },
    ...layers,
    caption,
    tools,
    element("div", { class: "iv-bottom" }, replay, hint),
  );
  const legend = element("div", { class: "iv-legend" });
  const table = element("div", {
    class: "iv-table",
    hidden: true,
    id: `iv-table-${Math.random().toString(36).slice(2)}`,
  });
  root.append(stage, legend, table, spoken);
  const tip = tooltip(stage);

  // --- how it stands ---
  let ink = colours(root);
  let onPage = false;
  let asked = 0; // for a picture
  let later = 0; // timer to ask for one
  // Of the stage, and how far down its caption reaches; asking the browser each time makes it lay out the page.
  let room = { width: 0, height: 0, top: 0 };
  let family = ""; // of letters
  let unplaced = true; // firms or sizes have come that have no places yet
  let legendOf = ""; // what the legend was drawn for
  let unit = 1; // radius of a firm of size one
  let spots = { x: new Float32Array(), y: new Float32Array() }; // places at zoom one
  let place = { x: new Float32Array(), y: new Float32Array(), radius: new Float32Array() }; // on the stage now
  let over = null; // what the pointer is on, and where that is: {firm, at} or {edge, at}
  let walked = -1; // firm the arrow keys are on
  let frameAt = 0;
  let pace = 16; // ms from one picture to the next, smoothed
  let said = ""; // sentence on the cascade that was spoken last
  let tableAt = -TABLE_EVERY;
  let tableLater = 0; // timer to fill the table
  const shown = { kinds: new Set(EDGE_KINDS.keys()), least: 0 };
  const film = new Film((sheet) => paintSheet(sheet, layers, around(), { room, ratio: ratio(), ink, family }), signal);
  let take = {}; // months that are to be recorded: {first, last, count}
  const edgeLayer = { stale: true, urgent: false, heavy: false, plain: false, fullAt: 0, next: 0, captions: [] };
  const nameLayer = { labels: [], marks: [], sides: new Map(), view: "", month: null, next: 0 };

  const ratio = () => Math.min(3, globalThis.devicePixelRatio || 1);
  const seen = (e) => shown.kinds.has(books.edges.kind[e]) && books.edges.amount[e] >= shown.least;
  const radiusOf = (size) => Math.max(SMALLEST, unit * Math.sqrt(size));
  const across = () => room.width - 2 * SIDE;
  const down = () => room.height - above() - BELOW;
  const above = () => (room.width < 600 ? ABOVE_NARROW : ABOVE);
  const turned = () => room.width < 0.85 * room.height; // lanes run from top to bottom

  // --- data in ---
  function newFirms() {
    books.takeFirms(model.get("firms") ?? {});
    nameLayer.sides = new Map();
    if (legendOf !== legendNeeds()) legendAnew();
    drawTable(table, books, open);
    newFrame();
    unplaced = true;
  }

  function newFrame() {
    const time = performance.now();
    const still = motion.matches;
    const before = books.largest;
    const lasts = still || !frameAt || pace > SLOW ? 0 : Math.min(400, Math.max(30, time - frameAt));
    books.takeFrame(model.get("frame") ?? {}, time, lasts);
    frameAt = time;
    if (before === 0 && books.largest > 0) unplaced = true;
    else if (books.largest > before) scale();
    const { frame } = books;
    playback.push(frame.month, frame.label, frame.cascade, still, frame.hold);
    month.textContent = frame.label;
    replay.hidden = !frame.cascade.length || still;
    edgeLayer.stale = true;
    tableSoon(time);
    if (take.count) rollOn(frame.month);
    if (over?.at) hover(...over.at); // the line pointed at may be another now, and the numbers are
    wake();
  }

  /** Put the month's numbers into the table: now, or as soon as its last ones have stood long enough. */
  function tableSoon(time) {
    if (table.hidden || tableLater) return;
    tableLater = setTimeout(
      () => {
        tableLater = 0;
        tableAt = performance.now();
        fillTable(table, books);
      },
      Math.max(0, tableAt + TABLE_EVERY - time),
    );
  }

  // --- places ---
  function arrange() {
    unplaced = false;
    room = {
      width: stage.clientWidth,
      height: stage.clientHeight,
      top: caption.offsetTop + caption.offsetHeight,
    };
    const { width, height } = room;
    if (!width || !height) return;
    if (!onPage) {
      onPage = true; // only now the style sheet tells the colours
      recolour();
    }
    for (const layer of layers) {
      layer.width = Math.round(width * ratio());
      layer.height = Math.round(height * ratio());
    }
    scale();
    const radii = Float32Array.from({ length: books.count }, (_, i) => radiusOf(books.firms.room[i] ?? books.size[i] ?? 0));
    const { x, y } = books.firms;
    const [along, beside] = turned() ? [y, x] : [x, y];
    const home = {
      x: Float32Array.from(radii, (_, i) => SIDE + across() * finite(along[i])),
      y: Float32Array.from(radii, (_, i) => above() + down() * finite(beside[i])),
    };
    spots = settle(home, radii, { left: 8, top: above() - 2, right: width - 8, bottom: height - 34 });
    viewed();
  }

  /** Radius per size: the largest firm of the run so far, or all together, take what room there is. */
  function scale() {
    const total = books.total || 1;
    const area = Math.max(1, across() * down());
    const widest = Math.min(0.075 * Math.min(room.width, room.height) + 6, 46);
    unit = Math.min(widest / Math.sqrt(books.largest || 1), Math.sqrt((0.09 * area) / (Math.PI * total)));
    unit = Math.max(0.4 * unit, Math.min(unit, roomInLanes()));
  }

  /** The unit with which the marks of the fullest lane just stand one beside the other. */
  function roomInLanes() {
    const lanes = new Map();
    const { x, room: wanted } = books.firms;
    for (let i = 0; i < books.count; i++) {
      const lane = finite(x[i]).toFixed(3);
      const { wide, count } = lanes.get(lane) ?? { wide: 0, count: 0 };
      lanes.set(lane, { wide: wide + Math.sqrt(wanted[i] ?? books.size[i] ?? 0), count: count + 1 });
    }
    const long = turned() ? across() : down();
    return Math.min(...[...lanes.values()].map(({ wide, count }) => (long - 4 * count) / (2 * wide || 1)));
  }

  function locate(done) {
    const { count } = books;
    if (place.x.length !== count) {
      place = { x: new Float32Array(count), y: new Float32Array(count), radius: new Float32Array(count) };
    }
    const swell = camera.zoom ** 0.6;
    for (let i = 0; i < count; i++) {
      place.x[i] = spots.x[i] * camera.zoom + camera.x;
      place.y[i] = spots.y[i] * camera.zoom + camera.y;
      place.radius[i] = swell * radiusOf(books.sizeAt(i, done));
    }
  }

  function viewed() {
    edgeLayer.stale = true;
    edgeLayer.urgent = true;
    nameLayer.view = "";
    hint.hidden = camera.zoom > 1;
    wake();
  }

  function zoomBy(factor) {
    camera.about(room.width / 2, room.height / 2, factor);
    camera.hold(room.width, room.height);
    viewed();
  }

  function whole() {
    camera.reset();
    viewed();
  }

  // --- drawing ---
  function wake() {
    if (!asked && !signal.aborted) asked = requestAnimationFrame(draw);
  }

  /** Draw again in some time, if nothing asks for it earlier. */
  function wakeIn(wait) {
    if (later || signal.aborted) return;
    later = setTimeout(
      () => {
        later = 0;
        wake();
      },
      Math.max(16, wait),
    );
  }

  function draw(time) {
    asked = 0;
    if (unplaced) arrange(); // once a picture, however many firms have come since the last
    if (!room.width || spots.x.length !== books.count) {
      acknowledge();
      return;
    }
    // Measured after every picture, also where the next is not asked for: a browser that was slow for some seconds
    // is found fast again.
    requestAnimationFrame((next) => {
      if (next - time < 1000) pace += 0.2 * (next - time - pace);
      acknowledge();
    });
    const done = books.done(time);
    locate(done);
    paintEdges(time, done);
    const moving = paintFirms(time);
    root.dataset.drawn = String(Number(root.dataset.drawn ?? 0) + 1);
    if (done < 1 || moving) wake();
  }

  /** Tell Python which frame has been drawn, so that it sends no more than this page can take. */
  function acknowledge() {
    const { number } = model.get("frame") ?? {};
    if (!number || number === model.get("taken")) return;
    model.set("taken", number);
    model.save_changes();
  }

  function begin(pen) {
    pen.setTransform(ratio(), 0, 0, ratio(), 0, 0);
    pen.clearRect(0, 0, room.width, room.height);
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  function font(pen, style) {
    pen.font = `${style} ${family}`;
  }

  /** Paint the edges if they have changed and their turn has come. */
  function paintEdges(time, done) {
    const layer = edgeLayer;
    const rest = CALM - (time - frameAt);
    const due = layer.stale || (done < 1 && !layer.heavy) || (layer.plain && rest <= 0);
    if (!due) {
      if (layer.plain) wakeIn(rest);
      return;
    }
    if (time < layer.next && !layer.urgent) {
      wakeIn(layer.next - time);
      return;
    }
    // While months go by, every few seconds a full drawing tells whether the edges are a burden still.
    layer.plain = layer.heavy && rest > 0 && time - layer.fullAt < PROBE;
    if (!layer.plain) layer.fullAt = time;
    layer.stale = false;
    layer.urgent = false;
    begin(edgePen);
    paintCaptions(edgePen);
    const { edges } = books;
    const near = over?.firm ?? (walked >= 0 ? walked : model.get("selected"));
    drawEdges(edgePen, ink, { edges, place, done, seen, near, single: over?.edge ?? -1, light: layer.plain });
    if (layer.plain) wakeIn(rest);
    // What this takes, up to the next chance to draw, tells whether the edges are a burden on this machine.
    const began = performance.now();
    requestAnimationFrame((next) => {
      const took = next - began;
      if (!layer.plain) layer.heavy = edges.length > FEW && took > (layer.heavy ? BURDEN / 2 : BURDEN);
      layer.next = edges.length > FEW && took > BURDEN ? next + Math.max(REST, 3 * took) : 0;
    });
  }

  function paintCaptions(pen) {
    font(pen, "600 12px");
    pen.fillStyle = ink.soft;
    pen.textBaseline = "middle";
    const lying = turned();
    edgeLayer.captions = firmsCaptions().map(({ text, x, y }) => {
      const px = lying ? 12 : (SIDE + across() * finite(x)) * camera.zoom + camera.x;
      const py = (above() + down() * finite(lying ? x : y) - (lying ? 26 : 12)) * camera.zoom + camera.y;
      const long = pen.measureText(text).width;
      const start = lying ? px : Math.max(4, Math.min(room.width - long - 4, px - long / 2));
      pen.textAlign = "left";
      pen.fillText(text, start, py);
      return { box: [start, py - 8, start + long, py + 8] };
    });
  }

  const firmsCaptions = () => books.firms.captions.map((caption) => ({ ...caption, text: String(caption.text ?? "") }));

  function paintFirms(time) {
    const pen = firmPen;
    begin(pen);
    const play = playback.at(time);
    const reached = drawLosses(pen, ink, play, place);
    for (const i of [...place.x.keys()].sort((a, b) => place.radius[b] - place.radius[a])) {
      if (onStage(i, 60))
        drawFirm(pen, ink, books.firms.kinds[i], books.health[i] ?? 0, place.x[i], place.y[i], place.radius[i]);
    }
    drawVictims(pen, ink, play, place, reached);
    books.apart.forEach((other, i) => other && drawApart(pen, ink, place, i, other > 1));
    ring(pen, place, model.get("selected"), 4, ink.focus, 3);
    if (stage.matches(":focus")) ring(pen, place, walked, 7, ink.focus, 1.5);
    ring(pen, place, over?.firm ?? -1, 2.5, ink.ink, 1.5);
    const falling = new Set(play.rounds.flatMap((round) => round.firms));
    paintNames(falling, time);
    font(pen, "12px");
    for (const label of nameLayer.labels) {
      if (!label.side) writeName(pen, label, ink.paper, ink[HEALTH[books.health[label.row] ?? 0] ?? "sound"]);
    }
    // Lines of losses run over the layer of names.
    if (play.rounds.length)
      for (const label of nameLayer.labels) if (label.side) writeName(pen, label, ink.ink, ink.paper);
    font(pen, "700 12px");
    for (const label of nameLayer.labels) {
      if (label.side && falling.has(label.row)) writeName(pen, label, ink.loss, ink.paper);
    }
    const round = play.rounds.at(-1);
    const sentence = round ? tell(round, books.firms.names) : "";
    if (sentence !== said) {
      news.textContent = sentence;
      if (sentence) spoken.textContent = sentence;
      said = sentence;
      room.top = caption.offsetTop + caption.offsetHeight;
    }
    font(pen, "600 11px");
    const words = [...edgeLayer.captions, ...nameLayer.labels].map((one) => one.box);
    drawChannels(pen, ink, play, place, room, words, nameLayer.marks);
    return playback.moving;
  }

  function onStage(i, slack) {
    const [x, y] = [place.x[i], place.y[i]];
    return x > -slack && x < room.width + slack && y > -slack && y < room.height + slack;
  }

  /** Names of the firms that matter, on their own layer as they change seldom and cost much. */
  function paintNames(falling, time) {
    const layer = nameLayer;
    const must = [over?.firm ?? -1, walked, model.get("selected"), ...falling];
    const view = [camera.zoom, camera.x, camera.y, ...must].join();
    const sameMonth = layer.month === books.frame;
    if (view === layer.view && (sameMonth || time < layer.next)) {
      if (!sameMonth) wakeIn(layer.next - time);
      return;
    }
    Object.assign(layer, { view, month: books.frame, next: time + NAMES_EVERY });
    begin(namePen);
    font(namePen, "12px");
    layer.labels = chooseNames(namePen, new Set(must), falling);
    layer.sides = new Map(layer.labels.map((label) => [label.row, label.side]));
    for (const label of layer.labels) if (label.side) writeName(namePen, label, ink.ink, ink.paper);
  }

  function writeName(pen, label, colour, halo) {
    pen.textAlign = label.align;
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.strokeStyle = halo;
    pen.lineWidth = 3.5;
    pen.fillStyle = colour;
    label.lines.forEach((line, i) => {
      const y = label.y + LINE * (i - (label.lines.length - 1) / 2);
      pen.strokeText(line, label.x, y);
      pen.fillText(line, label.x, y);
    });
  }

  function chooseNames(pen, must, falling) {
    const solid = [...edgeLayer.captions];
    const bold = new Map();
    font(pen, "700 12px");
    for (const row of falling) {
      const text = shorten(books.firms.names[row] ?? "");
      bold.set(row, pen.measureText(text).width);
    }
    font(pen, "12px");
    const wanted = [];
    const swell = camera.zoom ** 0.6;
    for (let i = 0; i < books.count; i++) {
      if (!onStage(i, 20)) continue;
      const spot = { x: place.x[i], y: place.y[i], radius: swell * radiusOf(books.size[i] ?? 0) };
      const reach = spot.radius * 1.15;
      solid.push({ row: i, box: [spot.x - reach, spot.y - reach, spot.x + reach, spot.y + reach] });
      // A name shown stays shown unless another firm clearly outweighs its own; those that are gone come last.
      const weight = (books.health[i] === 4 ? 0.3 : 1) * spot.radius * (nameLayer.sides.has(i) ? 1.15 : 1);
      const text = shorten(books.firms.names[i]);
      const kind = books.firms.kinds[i];
      const roomy = ROOMY.has(kind) && !books.health[i]; // dot, stripes and cross would show through a name
      const known = { row: i, text, kind, ...spot, roomy, must: must.has(i), long: bold.get(i) };
      wanted.push({ ...known, weight: weight + (must.has(i) ? 1000 : 0) });
    }
    nameLayer.marks = solid.filter(({ row }) => row !== undefined).map(({ box }) => box);
    wanted.sort((a, b) => b.weight - a.weight || b.row - a.row); // of the smallest, those who came last are news
    const { width, height } = room;
    const limit = Math.round((width * height) / 6500) * Math.ceil(camera.zoom);
    return placeLabels(
      wanted,
      solid,
      nameLayer.sides,
      (text) => pen.measureText(text).width,
      width,
      height - 40,
      limit,
    );
  }

  const legendNeeds = () => [...new Set(books.firms.kinds), books.firms.sizeNote].join();

  function legendAnew() {
    legendOf = legendNeeds();
    const filtered = () => {
      model.set("lines", { hidden: [...EDGE_KINDS.keys()].filter((k) => !shown.kinds.has(k)), least: shown.least });
      model.save_changes();
      edgeLayer.stale = true;
      edgeLayer.urgent = true;
      wake();
    };
    drawLegend(legend, books, ink, shown, filtered, table);
  }

  function recolour() {
    ink = colours(root);
    family = getComputedStyle(root).fontFamily;
    legendAnew();
    viewed();
  }

  // --- pointer and keys ---
  function firmAt(x, y) {
    let best = -1;
    let nearest = 5;
    for (let i = 0; i < books.count; i++) {
      const away = Math.hypot(place.x[i] - x, place.y[i] - y) - place.radius[i];
      if (away < nearest) {
        nearest = away;
        best = i;
      }
    }
    return best;
  }

  function hover(x, y) {
    const before = over;
    if (x === null) {
      over = null;
      tip.hide();
    } else {
      const firm = firmAt(x, y);
      const edge = firm < 0 ? edgeAt(x, y, books.edges, place, seen) : -1;
      over = firm >= 0 ? { firm, at: [x, y] } : edge >= 0 ? { edge, at: [x, y] } : null;
      if (over) tip.show(x, y, firm >= 0 ? books.aboutFirm(firm) : books.aboutEdge(edge));
      else tip.hide();
      stage.style.cursor = over ? "pointer" : "";
    }
    if (before?.firm !== over?.firm || before?.edge !== over?.edge) {
      edgeLayer.stale = true;
      edgeLayer.urgent = true;
      wake();
    }
  }

  function open(firm) {
    say(model, "clicked", { firm });
  }

  /** The firm nearest in a direction from where the keys are; at first the largest. */
  function walk(dx, dy) {
    const start = walked >= 0 ? walked : model.get("selected");
    if (!(start >= 0 && start < books.count)) return place.radius.indexOf(Math.max(...place.radius));
    let best = start;
    let least = Infinity;
    for (let i = 0; i < books.count; i++) {
      const x = place.x[i] - place.x[start];
      const y = place.y[i] - place.y[start];
      const along = x * dx + y * dy;
      const cost = along + 2.2 * (Math.abs(x * dy) + Math.abs(y * dx));
      if (i === start || along <= 0.5 || cost >= least) continue;
      least = cost;
      best = i;
    }
    return best;
  }

  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function key(event) {
    if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    if (steps[event.key] && books.count) {
      walked = walk(...steps[event.key]);
      const lines = books.aboutFirm(walked);
      spoken.textContent = listed(lines);
      tip.show(place.x[walked], place.y[walked] + place.radius[walked], lines);
    } else if ((event.key === "Enter" || event.key === " ") && walked >= 0) {
      open(walked);
    } else if (event.key === "Escape") {
      walked = -1;
      tip.hide();
      open(-1);
    } else if (event.key === "+" || event.key === "=") {
      zoomBy(1.4);
    } else if (event.key === "-") {
      zoomBy(1 / 1.4);
    } else if (event.key === "0") {
      whole();
    } else {
      return;
    }
    event.preventDefault();
    edgeLayer.stale = true;
    edgeLayer.urgent = true;
    wake();
  }

  function left() {
    walked = -1;
    tip.hide();
    viewed();
  }

  function clicked(x, y) {
    const firm = firmAt(x, y);
    hover(x, y); // a finger has no hover of its own
    open(firm);
  }

  function tool(name, icon, act) {
    const line = {
      d: ICONS[icon],
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.6,
      "stroke-linecap": "round",
    };
    const picture = svg(
      "svg",
      { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" },
      svg("path", line),
    );
    const button = element("button", { type: "button", title: name, "aria-label": name }, picture);
    button.addEventListener("click", act);
    return button;
  }

  // --- the picture as a file ---
  function around() {
    const { title = "", source = "" } = model.get("credit") ?? {};
    const lines = [...shown.kinds].sort().map((k) => ({ ...EDGE_KINDS[k], name: told(`edge-${EDGE_KINDS[k].name}`) }));
    return { month: month.textContent, news: news.textContent, lines, title: String(title), source: String(source) };
  }

  function download() {
    const sheet = sheetFor(room, ratio());
    film.paint(sheet);
    save(sheet, `network-${books.frame.label || books.frame.month}.png`, signal);
  }

  // --- the months as a video ---
  function roll() {
    film.start(sheetFor(room, ratio()));
    recording();
  }

  function cut() {
    const { count } = take;
    take = {};
    film.stop("invisible-debt", (size) => {
      if (count) model.set("filmed", { count, size });
      if (count) model.save_changes();
    });
    recording();
  }

  function recording() {
    rolling.setAttribute("aria-pressed", String(film.running));
    const name = told(film.running ? "picture-film-stop" : "picture-film");
    rolling.setAttribute("aria-label", name);
    rolling.title = name;
  }

  /** A month has come while months are to be recorded. */
  function rollOn(now) {
    if (!film.running && (now === take.first || now === take.first + 1)) roll();
    if (film.running && now >= take.last && !film.ends) film.wait(() => playback.moving, cut);
  }

  /** Record the months that Python asks for. */
  function newTake() {
    const wanted = model.get("film") ?? {};
    if (!records() || wanted.count === take.count) return;
    film.drop();
    take = wanted;
    recording();
    if (take.count && books.frame.month === take.first) rollOn(take.first);
  }

  /** Lines that are hidden in the picture beside this one are hidden here. */
  function newLines() {
    const { hidden = [], least = 0 } = model.get("lines") ?? {};
    shown.kinds = new Set([...EDGE_KINDS.keys()].filter((k) => !hidden.includes(k)));
    shown.least = least;
    if (!legend.contains(document.activeElement)) legendAnew();
    viewed();
  }

  const watch = new ResizeObserver(arrange);
  watch.observe(stage);
  stage.addEventListener("keydown", key);
  stage.addEventListener("blur", left);
  replay.addEventListener("click", () => {
    playback.again(books.frame.month, books.frame.label, books.frame.cascade);
    wake();
  });
  steer(stage, camera, { moved: viewed, hover, click: clicked }, signal);
  listen(model, "change:firms", newFirms, signal);
  listen(model, "change:frame", newFrame, signal);
  listen(model, "change:selected", viewed, signal);
  listen(model, "change:film", newTake, signal);
  listen(model, "change:lines", newLines, signal);
  motion.addEventListener("change", newFrame, { signal });
  newLines();
  newFirms();
  return () => {
    life.abort();
    watch.disconnect();
    cancelAnimationFrame(asked);
    clearTimeout(later);
    clearTimeout(tableLater);
    root.remove();
  };
}

function finite(value) {
  return Number.isFinite(value) ? value : 0.5;
}

function shorten(name) {
  return name.length > 26 ? `${name.slice(0, 25)}…` : name;
}

export default { render };
