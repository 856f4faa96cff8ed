/** What a page's scripts say, in its language: English where it brings no other words. */

const source = document.querySelector("[data-words]");
/** @type {Record<string, string>} */
const words = JSON.parse((source instanceof HTMLElement && source.dataset.words) || "{}");

/**
 * @param {string} text in English
 * @param {Record<string, string | number>} [values] for what stands in braces
 * @returns {string}
 */
export function said(text, values = {}) {
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
