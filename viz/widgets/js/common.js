// What all widgets share: arrays from Python, numbers and months for people, safe elements, colours.

const SVG = "http://www.w3.org/2000/svg";
let language = { tag: "en" }; // the words of the page, by id

/** Take the words that came with a widget: of all widgets of the page, as a visitor has one language. */
export function speak(model) {
  language = model.get("words") ?? language;
}

/** A message with its values; `{name}` stands for each, and a message of several forms follows the number `count`. */
export function told(id, values = {}, count = Object.values(values).find((value) => typeof value === "number")) {
  const found = language[id];
  if (found === undefined) throw new Error(`the page has no words for ${id}`);
  const text = typeof found === "string" ? found : found[new Intl.PluralRules(language.tag).select(count)];
  return text.replace(/\{(\w+)\}/g, (_hole, name) => {
    const value = values[name];
    return typeof value === "number" ? digits(value) : String(value);
  });
}

/** Whether there are words of this id. */
export function known(id) {
  return id in language;
}

/** Words one after another. */
export function listed(parts) {
  return parts.join(language["list-comma"].replaceAll("|", ""));
}

/** A channel of losses in words. */
export function channelName(channel) {
  return known(`channel-${channel}`) ? told(`channel-${channel}`) : String(channel);
}

/** The kind of a firm in words. */
export function kindName(kind) {
  return known(`kind-${kind}`) ? told(`kind-${kind}`) : String(kind ?? "");
}

/** A typed array over what Python sent: a buffer, or a plain list. Copies only where the memory is not aligned. */
export function typed(value, Type) {
  if (!value) return new Type(0);
  if (Array.isArray(value)) return Type.from(value);
  const offset = value.byteOffset ?? 0;
  const buffer = value.buffer ?? value;
  const length = Math.floor(value.byteLength / Type.BYTES_PER_ELEMENT);
  if (offset % Type.BYTES_PER_ELEMENT === 0) return new Type(buffer, offset, length);
  return new Type(buffer.slice(offset, offset + length * Type.BYTES_PER_ELEMENT));
}

/** A number with three digits that count. */
export function digits(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e15 || size < 1e-4) return value.toExponential(1);
  const places = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(size)));
  return value.toLocaleString(language.tag, { maximumFractionDigits: places });
}

/** Dollars of an amount in billions. */
export function dollars(bn) {
  if (!Number.isFinite(bn)) return "–";
  const size = Math.abs(bn);
  const [large, middle, small] = language["amount-units"].split(" ").map(Number);
  if (size >= large) return told("drawn-large", { amount: digits(bn / large) });
  if (size >= 0.995 * middle || size === 0) return told("drawn-middle", { amount: digits(bn / middle) });
  return size < 0.5 * small ? told("drawn-least") : told("drawn-small", { amount: digits(Math.round(bn / small)) });
}

/** Months of the calendar up to an opening such as "2025-12", January of the year 0 being 0. */
export function calendarMonth(opening) {
  const [year, month] = opening.split("-").map(Number);
  return 12 * year + month - 1;
}

/** "Jan 2027", or what the language has, for a month counted from an opening such as "2025-12"; "Jan 27" if brief. */
export function monthName(month, opening, brief = false) {
  const whole = calendarMonth(opening) + Math.round(month);
  const day = new Date(Date.UTC(2000, ((whole % 12) + 12) % 12, 1));
  day.setUTCFullYear(Math.floor(whole / 12));
  const year = brief ? "2-digit" : "numeric";
  return new Intl.DateTimeFormat(language.tag, { month: "short", year, timeZone: "UTC" }).format(day);
}

/** The year of such a month. */
export function yearOf(month, opening) {
  return String(Math.floor((calendarMonth(opening) + Math.round(month)) / 12));
}

/** An element with attributes and children; strings become text, never markup. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Colours as the style sheet has them for this root, light or dark; a root outside the page has none yet. */
export function colours(root) {
  const style = getComputedStyle(root);
  const known = new Map();
  return new Proxy(
    {},
    {
      get(_target, name) {
        const found = known.get(name) ?? style.getPropertyValue(`--iv-${String(name)}`).trim();
        if (found) known.set(name, found);
        return found || "#888";
      },
    },
  );
}

export function lessMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)");
}

/** The root element of a widget, its colours following the trait `dark`. */
export function rootOf(model, el, name, changed, signal) {
  const root = element("div", { class: `iv iv-${name}` });
  const shade = () => {
    root.classList.toggle("iv-dark", Boolean(model.get("dark")));
    changed();
  };
  listen(model, "change:dark", shade, signal);
  root.classList.toggle("iv-dark", Boolean(model.get("dark")));
  el.append(root);
  return root;
}

/** Listen to a model until the signal says stop. */
export function listen(model, event, heard, signal) {
  model.on(event, heard);
  signal.addEventListener("abort", () => model.off(event, heard));
}

/** Tell Python of a click; the count makes a second click on the same thing a change too. */
export function say(model, trait, value) {
  model.set(trait, { ...value, count: ((model.get(trait) ?? {}).count ?? 0) + 1 });
  model.save_changes();
}

/** A box with lines of text beside the pointer, kept inside `root`. */
export function tooltip(root) {
  const box = element("div", { class: "iv-tip", role: "tooltip", hidden: true });
  root.append(box);
  return {
    show(x, y, lines) {
      box.replaceChildren(
        ...lines.map((line, i) => element("div", { class: i ? "iv-tip-line" : "iv-tip-name" }, line)),
      );
      box.hidden = false;
      const room = root.getBoundingClientRect();
      const own = box.getBoundingClientRect();
      const left = x + 14 + own.width > room.width ? x - 14 - own.width : x + 14;
      box.style.left = `${Math.max(4, Math.min(left, room.width - own.width - 4))}px`;
      box.style.top = `${Math.max(4, Math.min(y + 14, room.height - own.height - 4))}px`;
    },
    hide() {
      box.hidden = true;
    },
  };
}

/** Hand a canvas to the visitor as a PNG file. */
export function save(sheet, name, signal) {
  sheet.toBlob((blob) => blob && hand(blob, name, signal));
}

/** Hand a file to the visitor. */
export function hand(blob, name, signal) {
  if (signal.aborted) return;
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
