/** Answering by keyboard. */

const TYPING = "input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]";
const HAS_ITS_OWN_ENTER = "button, a, summary";

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
    if (list instanceof HTMLDialogElement && list.open) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(TYPING)) return;
    if (event.key === "Escape") skip?.removeAttribute("open");
    else if (event.key === "?") show();
    else if (event.key === "Enter" && !target.closest(HAS_ITS_OWN_ENTER)) {
      event.preventDefault();
      if (!event.repeat && form.querySelector("button.primary")) form.requestSubmit();
    } else choose(form, event.key);
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {string} key
 */
function choose(form, key) {
  const input = form.querySelector(`input[data-key="${CSS.escape(key)}"]`);
  if (!(input instanceof HTMLInputElement)) return;
  input.focus();
  if (!input.checked) input.click();
}
