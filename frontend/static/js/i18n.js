/** Translate what a page's scripts say; in English where the page brings no translations. */

import { fill } from "./fill.js";

const source = document.querySelector("[data-translations]");
/** @type {Record<string, string>} */
const translations = JSON.parse(
  (source instanceof HTMLElement && source.dataset.translations) || "{}",
);

/**
 * @param {string} text in English
 * @param {Record<string, string | number>} [values] for the names in braces
 * @returns {string}
 */
export function t(text, values = {}) {
  return fill(translations[text] ?? text, values);
}
