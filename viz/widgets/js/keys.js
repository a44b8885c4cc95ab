// Single keys of the page. A field being written in, and a control that has its own use for a key, keep theirs.

const MEANINGS = { " ": "play", k: "play", ".": "step", n: "step", ",": "back", b: "back", r: "reset", l: "lecture" };
const WRITING =
  "input, textarea, select, [contenteditable=''], [contenteditable='true'], [role=textbox], [role=listbox], [role=combobox]";
const SPACE = "button, a, summary, [role=button], [role=slider], [role=option], [role=tab]";

function render({ model }) {
  const life = new AbortController();
  document.addEventListener(
    "keydown",
    (event) => {
      const key = MEANINGS[event.key];
      const at = event.target instanceof Element ? event.target : document.body;
      if (!key || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (at.closest(WRITING) || (event.key === " " && at.closest(SPACE))) return;
      event.preventDefault();
      model.send({ key }); // a trait would carry the last of several only
    },
    { signal: life.signal },
  );
  return () => life.abort();
}

export default { render };
