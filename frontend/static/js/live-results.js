/** Answers about a neuron as parts of a page: a text with its activations, and two predictions. */

import { t } from "./i18n.js";

const LEVELS = 10;
const POINT = (0.5).toLocaleString(document.documentElement.lang).charAt(1);
const BAR = 100;
const SVG = "http://www.w3.org/2000/svg";

/** @typedef {{tokens: string[], values: number[], maximum: number | null, truncated: boolean}} Activations */
/** @typedef {[token: string, share: number]} Share */
/** @typedef {[token: string, before: number, after: number]} Change */
/**
 * @typedef {{
 *   before: Share[], after: Share[], gains: Change[], losses: Change[], kl: number,
 *   loss_before: number | null, loss_after: number | null, truncated: boolean,
 * }} Intervention
 */

/**
 * @param {string} kind
 * @param {any} result
 * @returns {string} the answer in one sentence, for those who hear the page
 */
export function spoken(kind, result) {
  if (kind === "intervene") return changed(result);
  const [best] = strongest(result);
  if (best) {
    return t("Strongest on “{token}”: {value}.", { token: best[0], value: figures(best[1]) });
  }
  const value = figures(peakOf(result));
  return t("The neuron does not fire here: its highest value is {value}.", { value });
}

// --- Activations ---------------------------------------------------------------------------------

/**
 * @param {Activations} result
 * @returns {DocumentFragment}
 */
export function activations(result) {
  const peak = peakOf(result);
  const known = result.maximum !== null && result.maximum > 0;
  const full = known ? Number(result.maximum) : peak;
  const text = element("p", {
    class: "tokens",
    "data-label": t("Your text: go through the values with the arrow keys"),
  });
  result.tokens.forEach((token, at) => {
    const value = result.values[at] ?? 0;
    text.append(...pieces(token, value, full > 0 ? level(value, full) : 0));
  });
  const notes = [];
  const value = figures(full);
  if (known) {
    notes.push(t("Shades go up to {value}, the maximum in its capture.", { value }));
  } else if (peak > 0) {
    notes.push(
      t("Shades go up to {value}, because the maximum in a capture is not known.", { value }),
    );
  }
  if (result.truncated) {
    const n = result.tokens.length;
    notes.push(t("The model reads only these {n} tokens.", { n }));
  }
  return fragment(text, element("p", { class: "small muted" }, notes.join(" ")));
}

/**
 * @param {Activations} result
 * @returns {number}
 */
function peakOf(result) {
  return Math.max(...result.values);
}

/**
 * @param {number} value
 * @param {number} full
 * @returns {number}
 */
function level(value, full) {
  return Math.min(LEVELS, Math.floor((LEVELS * Math.max(value, 0)) / full));
}

/**
 * A token's text; space around a marked word stays unmarked, marked space is shown.
 * @param {string} token
 * @param {number} value
 * @param {number} strength
 * @returns {(string | Node)[]}
 */
function pieces(token, value, strength) {
  if (!strength || !token) return [token];
  const mark = element("mark", { class: `l${strength}`, title: figures(value) });
  const word = token.trim();
  mark.textContent = word || (token.includes("\n") ? "↵" : "␣");
  if (!word) return [mark, token];
  const begin = token.indexOf(word);
  return [token.slice(0, begin), mark, token.slice(begin + word.length)];
}

/**
 * @param {Activations} result
 * @returns {[string, number][]} tokens that fire, strongest first
 */
function strongest(result) {
  return result.tokens
    .map((token, at) => /** @type {[string, number]} */ ([token.trim(), result.values[at] ?? 0]))
    .filter(([token, value]) => token && value > 0)
    .sort((a, b) => b[1] - a[1]);
}

// --- Interventions -------------------------------------------------------------------------------

/**
 * @param {Intervention} result
 * @returns {DocumentFragment}
 */
export function intervention(result) {
  const tables = element("div", { class: "live-tables" });
  tables.append(
    likeliest("Likeliest next, as it is", result.before),
    likeliest("Likeliest next, held", result.after),
    changes("Gain most", result.gains),
    changes("Lose most", result.losses),
  );
  const notes = [];
  if (result.loss_before !== null && result.loss_after !== null) {
    const change = result.loss_after - result.loss_before;
    const by = `${change < 0 ? "−" : "+"}${figures(Math.abs(change))}`;
    notes.push(
      `The text’s own loss: ${figures(result.loss_before)} nats a token, held ${figures(result.loss_after)} (${by}).`,
    );
  }
  if (result.truncated) notes.push("The text is longer than the model reads, and was cut.");
  return fragment(tables, element("p", { class: "small muted" }, notes.join(" ")));
}

/**
 * @param {Intervention} result
 * @returns {string}
 */
function changed(result) {
  if (result.kl < 1e-6) return "The next token is as likely as before, whatever it is.";
  return `The prediction moves by ${figures(result.kl)} nats (KL divergence).`;
}

/**
 * @param {string} caption
 * @param {Share[]} rows
 * @returns {HTMLTableElement}
 */
function likeliest(caption, rows) {
  const table = tableOf(caption, ["Token", "Probability"]);
  for (const [token, share] of rows) {
    const cell = element("td", { class: "number" }, percent(share));
    const drawn = element("td", { class: "live-bar" });
    drawn.append(bar(share, share));
    table.tBodies[0]?.append(row(token, cell, drawn));
  }
  return table;
}

/**
 * @param {string} caption
 * @param {Change[]} rows
 * @returns {HTMLTableElement}
 */
function changes(caption, rows) {
  const table = tableOf(caption, ["Token", "As it is → held"]);
  for (const [token, before, after] of rows) {
    const cell = element("td", { class: "number" }, `${percent(before)} → ${percent(after)}`);
    const drawn = element("td", { class: "live-bar" });
    drawn.append(bar(before, after));
    table.tBodies[0]?.append(row(token, cell, drawn));
  }
  if (!rows.length) {
    table.tBodies[0]?.append(element("tr", {}, element("td", { colspan: "3" }, "None.")));
  }
  return table;
}

/**
 * @param {string} caption
 * @param {string[]} titles
 * @returns {HTMLTableElement}
 */
function tableOf(caption, titles) {
  const head = element("tr", {});
  const [token = "", ...figured] = titles;
  head.append(element("th", { scope: "col" }, token));
  for (const title of figured) {
    head.append(element("th", { scope: "col", class: "number" }, title));
  }
  head.append(element("td", { class: "live-bar" }));
  const table = document.createElement("table");
  table.append(
    element("caption", {}, caption),
    element("thead", {}, head),
    document.createElement("tbody"),
  );
  return table;
}

/**
 * @param {string} token
 * @param {...HTMLElement} cells
 * @returns {HTMLElement}
 */
function row(token, ...cells) {
  const name = element("th", { scope: "row" });
  // What cannot be seen is drawn: the space that most tokens bring along, and line breaks.
  for (const part of token.split(/([ \n\t])/)) {
    const drawn = { " ": "␣", "\n": "↵", "\t": "⇥" }[part];
    if (drawn) name.append(element("span", { class: "live-space" }, drawn));
    else if (part) name.append(part);
  }
  return element("tr", {}, name, ...cells);
}

/**
 * @param {number} before a share
 * @param {number} after a share: what was lost is drawn pale, what was gained strong
 * @returns {SVGSVGElement}
 */
function bar(before, after) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${BAR} 8`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, from, to] of /** @type {const} */ ([
    ["stays", 0, Math.min(before, after)],
    ["gained", before, after],
    ["lost", after, before],
  ])) {
    if (to <= from) continue;
    const rect = document.createElementNS(SVG, "rect");
    rect.setAttribute("class", kind);
    rect.setAttribute("x", String(BAR * from));
    rect.setAttribute("width", String(BAR * (to - from)));
    rect.setAttribute("height", "8");
    svg.append(rect);
  }
  return svg;
}

// --- Parts ---------------------------------------------------------------------------------------

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {...(string | Node)} content
 * @returns {HTMLElement}
 */
function element(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

/**
 * @param {...Node} parts
 * @returns {DocumentFragment}
 */
function fragment(...parts) {
  const made = document.createDocumentFragment();
  made.append(...parts);
  return made;
}

/**
 * @param {number} value
 * @returns {string} three significant figures
 */
function figures(value) {
  return String(Number(value.toPrecision(3)))
    .replace("-", "−")
    .replace(".", POINT);
}

/**
 * @param {number} share
 * @returns {string}
 */
function percent(share) {
  const shown = share > 0 && share < 0.0005 ? "< 0.1%" : `${(100 * share).toFixed(1)}%`;
  return shown.replace(".", POINT);
}
