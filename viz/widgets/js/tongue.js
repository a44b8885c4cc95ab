// The language of the page, told to the browser.

import { listen } from "./common.js";

function render({ model }) {
  const life = new AbortController();
  const tell = () => document.documentElement.setAttribute("lang", model.get("tag"));
  listen(model, "change:tag", tell, life.signal);
  tell();
  return () => life.abort();
}

export default { render };
