/** Several descriptions in order, by keys, by drag, or by their fields. */

import { fill } from "./fill.js";
import { picker } from "./picker.js";

const order = document.querySelector("fieldset.ranking");
if (order instanceof HTMLFieldSetElement) putInOrder(order);

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
    announce(kept);
  };

  /** @param {Card} card */
  const announce = (card) => {
    const live = document.querySelector("#value");
    const { ranked = "", unranked = "" } = part.dataset;
    const values = { name: card.name, rank: card.select.value, all: String(cards.length) };
    if (live) live.textContent = fill(card.select.value ? ranked : unranked, values);
    part.dispatchEvent(new Event("change", { bubbles: true }));
  };

  for (const card of cards) {
    const pick = picker(card, fill(part.dataset.move ?? "", { name: card.name }));
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
