// The guided story: a card with a sentence a scene. It goes on by itself until the visitor touches anything.

import { element, lessMotion, listen, rootOf } from "./common.js";

const SEEN = "invisible-debt-guide"; // in the browser's own store: "seen" once skipped or over
const LOOK = 2000; // ms that a month stays at least once it is there
const WRITING =
  "input, textarea, select, [contenteditable=''], [contenteditable='true'], [role=textbox], [role=listbox], [role=combobox]";
const ARROWS = "[role=application], [role=slider], [role=tab], [role=option], .v-select, .v-slider";

function seen(now) {
  try {
    if (now) localStorage.setItem(SEEN, "seen");
    return localStorage.getItem(SEEN) === "seen";
  } catch {
    return false; // no store: the story is offered again
  }
}

function render({ model, el }) {
  const life = new AbortController();
  const { signal } = life;
  const root = rootOf(model, el, "guide", () => {}, signal);
  const motion = lessMotion();

  const title = element("h2", { class: "iv-guide-title" });
  const text = element("p", { class: "iv-guide-text" });
  const dots = element("ol", { class: "iv-guide-dots", "aria-hidden": "true" });
  const count = element("span", { class: "iv-guide-count" });
  const told = element("div", { "aria-live": "polite", "aria-atomic": "true" }, title, text);
  const back = button(() => go(at() - 1));
  const pause = button(() => run(!running));
  const skip = button(close);
  const next = button(() => (last() ? close() : go(at() + 1)));
  next.classList.add("iv-guide-next");
  const card = element(
    "section",
    { class: "iv-guide-card" },
    told,
    element("div", { class: "iv-guide-row" }, dots, count, back, pause, skip, next),
  );
  const opener = button(() => go(0));
  opener.classList.add("iv-guide-open");
  root.append(opener, card);

  let running = !motion.matches; // whether scenes follow each other by themselves
  let timer = 0;
  let due = 0; // when the scene has been read

  const at = () => model.get("at");
  const scenes = () => model.get("scenes") ?? [];
  const last = () => at() >= scenes().length - 1;
  const word = (name) => model.get("words")?.[name] ?? "";

  function button(act) {
    const made = element("button", { type: "button" });
    made.addEventListener("click", act, { signal });
    return made;
  }

  function go(scene) {
    if (scene < 0 || scene >= scenes().length) return;
    if (at() < 0) running = !motion.matches;
    model.set("at", scene);
    model.save_changes();
    draw();
  }

  function close() {
    seen(true);
    const inside = card.contains(document.activeElement);
    model.set("at", -1);
    model.save_changes();
    draw();
    if (inside) opener.focus();
  }

  function run(on) {
    if (running === on) return;
    running = on;
    draw();
  }

  function clock() {
    clearTimeout(timer);
    const scene = scenes()[at()];
    const ticks = Boolean(scene) && running && !last() && model.get("arrived") === at();
    card.classList.toggle("iv-guide-ticks", ticks);
    if (!ticks) return;
    const left = Math.max(LOOK, due - performance.now());
    card.style.setProperty("--iv-guide-takes", `${left}ms`);
    timer = setTimeout(() => go(at() + 1), left);
  }

  function draw() {
    const scene = scenes()[at()];
    opener.hidden = Boolean(scene) || !scenes().length;
    opener.textContent = word("open");
    card.hidden = !scene;
    document.documentElement.classList.toggle("iv-guided", Boolean(scene));
    if (!scene) return clock();
    card.setAttribute("aria-label", word("open"));
    if (text.textContent !== scene.text) {
      title.textContent = scene.title;
      text.textContent = scene.text;
      due = performance.now() + 1000 * scene.seconds;
      if (scene.picture) show();
      else document.querySelector(".id-page")?.scrollIntoView({ behavior: motion.matches ? "auto" : "smooth" });
    }
    dots.replaceChildren(
      ...scenes().map((_, i) => element("li", { class: i < at() ? "iv-past" : i === at() ? "iv-now" : "" })),
    );
    count.textContent = `${at() + 1} / ${scenes().length}`;
    back.textContent = word("back");
    back.disabled = at() === 0;
    pause.textContent = running ? word("pause") : word("resume");
    pause.hidden = last();
    skip.textContent = word("skip");
    skip.hidden = last();
    next.textContent = last() ? word("done") : word("next");
    clock();
  }

  /** Bring the network into sight, where most of it is not. */
  function show() {
    const stage = document.querySelector(".iv-stage");
    const box = stage?.getBoundingClientRect();
    if (!box) return;
    const free = innerHeight - card.offsetHeight;
    if (box.top < 0 || Math.min(box.bottom, free) - box.top < 0.95 * Math.min(box.height, free))
      stage.scrollIntoView({ block: "start", behavior: motion.matches ? "auto" : "smooth" });
  }

  document.addEventListener(
    "keydown",
    (event) => {
      const from = event.target instanceof Element ? event.target : document.body;
      if (at() < 0 || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (from.closest(WRITING)) return run(false);
      if (event.key === "Escape" && !from.closest("[role=application]")) close();
      else if (event.key === "ArrowRight" && !from.closest(ARROWS) && !last()) go(at() + 1);
      else if (event.key === "ArrowLeft" && !from.closest(ARROWS)) go(at() - 1);
      else {
        if (!card.contains(from) && event.key !== "Tab") run(false);
        return;
      }
      event.preventDefault();
    },
    { signal },
  );
  // Whoever touches the page looks for himself: the card waits for him.
  document.addEventListener("pointerdown", (event) => at() >= 0 && !card.contains(event.target) && run(false), { signal });

  for (const trait of ["at", "scenes", "words"]) listen(model, `change:${trait}`, draw, signal);
  listen(model, "change:arrived", clock, signal);
  const ask = model.get("ask");
  draw();
  if (ask === "yes" || (ask === "ask" && !seen(false))) go(0);
  return () => {
    life.abort();
    clearTimeout(timer);
    document.documentElement.classList.remove("iv-guided");
  };
}

export default { render };
