/** Answering by keyboard. */

const TYPING =
  "input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]";
const HAS_ITS_OWN_ENTER = "button:not(.by-key), a, summary";

/**
 * Choose with the keys that the page shows, submit with Enter, list the keys with "?".
 * @param {HTMLFormElement} form
 */
export function answerByKeys(form) {
  const list = document.querySelector("dialog#keys");
  const skip = document.querySelector("details.skip");
  const show = () => {
    if (list instanceof HTMLDialogElement && !list.open) list.showModal();
  };
  document.querySelector("#show-keys")?.addEventListener("click", show);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(TYPING)) return leave(event.key, target);
    if (event.key === "Escape") skip?.removeAttribute("open");
    else if (event.key === "?") show();
    else if (event.key === "Enter" && !target.closest(HAS_ITS_OWN_ENTER)) {
      event.preventDefault();
      if (event.repeat) return;
      if (form.querySelector("button.primary")) form.requestSubmit();
      else press("Enter");
    } else if (!event.repeat && press(event.key)) event.preventDefault();
  });
}

/**
 * Where a key is typed, only Escape does something: it leaves the field.
 * @param {string} key
 * @param {Element} field
 */
function leave(key, field) {
  if (key === "Escape" && field instanceof HTMLTextAreaElement) field.blur();
}

/**
 * @param {string} key
 * @returns {boolean} whether something on the page is called by it
 */
function press(key) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  const called = document.querySelector(`main [data-key="${CSS.escape(name)}"]`);
  if (!(called instanceof HTMLElement)) return false;
  called.focus();
  const chosen = called instanceof HTMLInputElement && called.type === "radio" && called.checked;
  if (!chosen && !(called instanceof HTMLTextAreaElement)) called.click();
  if (called.tagName === "SUMMARY") called.parentElement?.querySelector("button")?.focus();
  return true;
}
