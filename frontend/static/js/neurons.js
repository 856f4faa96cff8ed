/** Pages about neurons: exact values on the marks, and more records without leaving the page. */

import { showValues } from "./excerpt-values.js";

/** @param {ParentNode} within */
function prepare(within) {
  showValues(/** @type {NodeListOf<Element>} */ (within.querySelectorAll(".tokens")));
}

/**
 * Put the section of the page behind a link in the place of the one here; leave it to the link to
 * lead there where that fails.
 * @param {HTMLAnchorElement} link
 * @param {string} id
 */
async function replaceSection(link, id) {
  const response = await fetch(link.href);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fuller = page.getElementById(id)?.closest("section");
  const here = document.getElementById(id)?.closest("section");
  if (!response.ok || !fuller || !here) throw new Error(`no ${id} at ${link.href}`);
  const known = here.querySelectorAll(".records > li").length;
  here.replaceWith(fuller);
  prepare(fuller);
  const first = fuller.querySelectorAll(".records > li")[known]?.querySelector(".tokens");
  if (first instanceof HTMLElement) first.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-more]") : null;
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  event.preventDefault();
  replaceSection(link, link.dataset.more ?? "").catch(() => location.assign(link.href));
});

prepare(document);
