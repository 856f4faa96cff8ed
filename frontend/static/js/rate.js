/** A rubric by keys: a digit answers the question at hand and goes on to the next. */

const parts = [...document.querySelectorAll("fieldset.dimension")].filter(
  (part) => part instanceof HTMLFieldSetElement,
);
const TEN = "x";

for (const part of parts) {
  const number = part.querySelector("input[type=number]");
  if (number instanceof HTMLInputElement) addSlider(part, number);
  part.addEventListener("focusin", () => attend(part));
  part.addEventListener("change", () => attend(next(part)));
}
attend(parts.find((part) => !isAnswered(part)) ?? parts[0]);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest("textarea, input[type=number], dialog")) return;
  const range = document.querySelector(".dimension.now input[type=range]");
  const value = event.key.toLowerCase() === TEN ? 100 : Number.parseInt(event.key, 10) * 10;
  if (!(range instanceof HTMLInputElement) || Number.isNaN(value)) return;
  event.preventDefault();
  range.focus();
  range.value = String(value);
  range.dispatchEvent(new Event("input", { bubbles: true }));
  range.dispatchEvent(new Event("change", { bubbles: true }));
});

/**
 * Let the digits answer one question, and show which.
 * @param {HTMLFieldSetElement | undefined} part
 */
function attend(part) {
  for (const other of parts) {
    other.classList.toggle("now", other === part);
    for (const input of other.querySelectorAll("input[type=radio]")) {
      if (!(input instanceof HTMLInputElement)) continue;
      if (other === part) input.dataset.key = input.value;
      else delete input.dataset.key;
    }
  }
}

/**
 * @param {HTMLFieldSetElement} part
 * @returns {HTMLFieldSetElement} the next without an answer, from here and around; else this one
 */
function next(part) {
  const at = parts.indexOf(part);
  return (
    [...parts.slice(at + 1), ...parts.slice(0, at)].find((other) => !isAnswered(other)) ?? part
  );
}

/**
 * @param {HTMLFieldSetElement} part
 * @returns {boolean}
 */
function isAnswered(part) {
  const number = part.querySelector("input[type=number]");
  if (number instanceof HTMLInputElement) return number.value !== "";
  return part.querySelector("input:checked") !== null;
}

/**
 * Put a slider beside a number: it says nothing until it is touched.
 * @param {HTMLFieldSetElement} part
 * @param {HTMLInputElement} number
 */
function addSlider(part, number) {
  const range = document.createElement("input");
  range.type = "range";
  range.min = number.min;
  range.max = number.max;
  range.setAttribute("aria-label", part.querySelector("legend")?.textContent ?? "");
  const show = () => range.classList.toggle("untouched", number.value === "");
  range.value = number.value || "50";
  const take = () => {
    number.value = range.value;
    show();
  };
  range.addEventListener("input", take);
  range.addEventListener("pointerup", take);
  number.addEventListener("input", () => {
    range.value = number.value || "50";
    show();
  });
  number.before(range);
  show();
}
