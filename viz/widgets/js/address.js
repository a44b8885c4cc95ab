// The address follows what is on screen; back and forward lead to what was.

import { listen } from "./common.js";

const REST = 300; // ms between two addresses of one entry: browsers refuse hundreds of them

function render({ model }) {
  const life = new AbortController();
  let waiting = null;
  const write = ({ query, push }) => {
    const search = query ? `?${query}` : "";
    if (search === location.search) return;
    const place = location.pathname + search + location.hash;
    if (push) history.pushState({ top: 0 }, "", place);
    else history.replaceState(history.state, "", place);
  };
  const flush = () => {
    if (!waiting) return;
    clearTimeout(waiting.timer);
    write(waiting.entry);
    waiting = null;
  };
  const follow = () => {
    const entry = model.get("entry");
    if (entry.query === undefined) return;
    if (entry.push) {
      flush(); // the entry that is left keeps the month in which it was left
      write(entry);
      return;
    }
    if (waiting) clearTimeout(waiting.timer);
    waiting = { entry, timer: setTimeout(flush, REST) };
  };
  listen(model, "change:entry", follow, life.signal);
  window.addEventListener(
    "popstate",
    () => {
      if (waiting) clearTimeout(waiting.timer);
      waiting = null;
      model.send({ came: location.search.slice(1) });
    },
    { signal: life.signal },
  );
  follow();
  return () => {
    flush();
    life.abort();
  };
}

export default { render };
