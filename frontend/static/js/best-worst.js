/** Pick the best and the worst of several descriptions: first the best, then the worst. */

import { picker } from "./picker.js";

const part = document.querySelector("fieldset.best-worst");
if (part instanceof HTMLFieldSetElement) pickBestAndWorst(part);

/** @param {HTMLFieldSetElement} part */
function pickBestAndWorst(part) {
  for (const element of part.querySelectorAll(".card")) {
    if (!(element instanceof HTMLElement)) continue;
    const { name = "", press = "" } = element.dataset;
    const best = radio(element, "best");
    const worst = radio(element, "worst");
    const pick = picker({ element, name, press }, name);
    pick.addEventListener("click", () => {
      const free = [best, worst].find((input) => !chosenOf(part, input.name));
      const own = [best, worst].find((input) => input.checked);
      if (own) own.checked = false;
      else if (free) free.click();
    });
    element.addEventListener("change", (event) => {
      // One cannot be both.
      if (event.target === best) worst.checked = false;
      if (event.target === worst) best.checked = false;
    });
  }
}

/**
 * @param {HTMLElement} card
 * @param {string} name
 * @returns {HTMLInputElement}
 */
function radio(card, name) {
  return /** @type {HTMLInputElement} */ (card.querySelector(`input[name=${name}]`));
}

/**
 * @param {HTMLElement} part
 * @param {string} name
 * @returns {Element | null}
 */
function chosenOf(part, name) {
  return part.querySelector(`input[name=${name}]:checked`);
}
