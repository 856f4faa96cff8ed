/** A button that a digit presses, in the place of a card's name. */

/**
 * Replace a card's name by a button that its key presses.
 * @param {{element: HTMLElement, name: string, press: string}} card
 * @param {string} label
 * @returns {HTMLButtonElement}
 */
export function picker(card, label) {
  const button = document.createElement("button");
  const key = document.createElement("kbd");
  button.type = "button";
  button.className = "pick by-key";
  button.dataset.key = key.textContent = card.press;
  button.setAttribute("aria-label", `${label} ${card.press}`);
  button.append(`${card.name} `, key);
  card.element.querySelector(".name")?.replaceChildren(button);
  return button;
}
