/** Submit an answer once, when it is complete. */

/**
 * Show what is missing instead of submitting, and submit only once.
 * @param {HTMLFormElement} form
 */
export function submitOnce(form) {
  const fault = document.querySelector("#fault");
  let sending = false;
  form.noValidate = true;

  form.addEventListener("submit", (event) => {
    const unsure = event.submitter instanceof HTMLButtonElement && event.submitter.formNoValidate;
    const missing = unsure ? null : firstAtFault(form);
    if (sending || missing) event.preventDefault();
    if (missing) {
      const part = /** @type {HTMLElement | null} */ (missing.closest("[data-missing]"));
      if (fault) fault.textContent = part?.dataset.missing ?? "";
      part?.setAttribute("aria-invalid", "true");
      // In a field, the keys that answer would be typed.
      const button = /** @type {HTMLElement | null} */ (part?.querySelector(".by-key") ?? null);
      (button ?? missing).focus({ preventScroll: true });
      fault?.scrollIntoView({ block: "center" });
      return;
    }
    sending = true;
  });

  form.addEventListener("change", (event) => {
    if (event.target instanceof Element) {
      event.target.closest("[data-missing]")?.removeAttribute("aria-invalid");
    }
    if (fault) fault.textContent = "";
  });

  // The next question comes in the reply, which then goes by its own address: to reload it or to
  // come back to it sends nothing again.
  form.addEventListener("formdata", (event) => event.formData.set("at_once", "1"));
  const { address } = form.dataset;
  if (address) history.replaceState(null, "", address);

  // Back from the next page: the form may be sent again.
  addEventListener("pageshow", () => {
    sending = false;
  });
}

/**
 * @param {HTMLFormElement} form
 * @returns {HTMLElement | null} the first field that is empty or holds what cannot be
 */
function firstAtFault(form) {
  for (const field of form.elements) {
    const input = /** @type {HTMLInputElement} */ (field);
    if (input.willValidate && !input.validity.valid) return input;
  }
  return null;
}
