/** Several descriptions in order, by keys, by drag, or by their fields; or the best and the worst. */

const order = document.querySelector("fieldset.ranking");
const extremes = document.querySelector("fieldset.extremes");
if (order instanceof HTMLFieldSetElement) putInOrder(order);
if (extremes instanceof HTMLFieldSetElement) pickExtremes(extremes);

/** @typedef {{element: HTMLElement, name: string, press: string, select: HTMLSelectElement}} Card */

/** @param {HTMLFieldSetElement} part */
function putInOrder(part) {
  /** @type {Card[]} */
  const cards = [];
  for (const element of part.querySelectorAll(".card")) {
    const select = element.querySelector("select");
    if (!(element instanceof HTMLElement) || !select) continue;
    const { name = "", press = "" } = element.dataset;
    cards.push({ element, name, press, select });
  }
  let placed = cards.filter((card) => card.select.value);
  placed.sort((a, b) => Number(a.select.value) - Number(b.select.value));

  /**
   * @param {Card} card
   * @param {number} at counted from 0; beyond the last is last, below 0 is no place
   */
  const move = (card, at) => {
    placed = placed.filter((other) => other !== card);
    if (at >= 0) placed.splice(at, 0, card);
    const rest = cards.filter((other) => !placed.includes(other));
    // Which comes last needs no saying.
    if (at >= 0 && rest.length === 1) placed.push(...rest.splice(0));
    show(card, [...placed, ...rest]);
  };

  /**
   * The card that is moved stays where it is in the page, so that it keeps the focus and the
   * pointer: the others are moved around it.
   * @param {Card} kept
   * @param {Card[]} all
   */
  const show = (kept, all) => {
    const at = all.indexOf(kept);
    for (const card of all.slice(0, at)) kept.element.before(card.element);
    for (const card of all.slice(at + 1).reverse()) kept.element.after(card.element);
    for (const card of cards) {
      const place = placed.indexOf(card) + 1;
      card.select.value = place ? String(place) : "";
      card.element.classList.toggle("placed", place > 0);
    }
    say(kept);
  };

  /** @param {Card} card */
  const say = (card) => {
    const live = document.querySelector("#value");
    const { said = "", unsaid = "" } = part.dataset;
    const values = { name: card.name, place: card.select.value, all: String(cards.length) };
    if (live) live.textContent = filled(card.select.value ? said : unsaid, values);
    part.dispatchEvent(new Event("change", { bubbles: true }));
  };

  for (const card of cards) {
    const pick = picker(card, filled(part.dataset.move ?? "", { name: card.name }));
    pick.addEventListener("click", () => move(card, placed.includes(card) ? -1 : placed.length));
    pick.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = placed.indexOf(card);
      move(card, at < 0 ? placed.length : Math.max(0, at + step));
    });
    card.select.addEventListener("change", (event) => {
      event.stopPropagation();
      move(card, Number(card.select.value) - 1);
    });
    drag(card, () => cards, move);
  }
  if (cards[0] && placed.length)
    show(cards[0], [...placed, ...cards.filter((c) => !placed.includes(c))]);
}

/**
 * Replace a card's name by a button that its key presses.
 * @param {{element: HTMLElement, name: string, press: string}} card
 * @param {string} label
 * @returns {HTMLButtonElement}
 */
function picker(card, label) {
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

/**
 * @param {Card} card
 * @param {() => Card[]} all
 * @param {(card: Card, at: number) => void} move
 */
function drag(card, all, move) {
  const grip = document.createElement("span");
  grip.className = "grip";
  grip.textContent = "⠿";
  grip.setAttribute("aria-hidden", "true");
  card.element.append(grip);
  /** @param {PointerEvent} event */
  const follow = (event) => {
    const others = all().filter((other) => other !== card);
    const above = others.filter((other) => middle(other.element) < event.clientY).length;
    if (!card.select.value || above !== Number(card.select.value) - 1) move(card, above);
  };
  grip.addEventListener("pointerdown", (event) => {
    grip.setPointerCapture(event.pointerId);
    card.element.classList.add("dragged");
    grip.addEventListener("pointermove", follow);
  });
  grip.addEventListener("lostpointercapture", () => {
    card.element.classList.remove("dragged");
    grip.removeEventListener("pointermove", follow);
  });
}

/**
 * @param {Element} element
 * @returns {number}
 */
function middle(element) {
  const { top, height } = element.getBoundingClientRect();
  return top + height / 2;
}

/**
 * @param {string} pattern
 * @param {Record<string, string>} values
 * @returns {string}
 */
function filled(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** @param {HTMLFieldSetElement} part */
function pickExtremes(part) {
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
