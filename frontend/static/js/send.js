/** Sending an answer: complete, and once. */

/**
 * Say what is missing instead of sending, and send only once.
 * @param {HTMLFormElement} form
 */
export function sendOnce(form) {
  const fault = document.querySelector("#fault");
  let sending = false;
  form.noValidate = true;

  form.addEventListener("submit", (event) => {
    const missing = firstUnanswered(form);
    if (sending || missing) event.preventDefault();
    if (missing) {
      if (fault) fault.textContent = missing.dataset.missing ?? "";
      missing.setAttribute("aria-invalid", "true");
      missing.querySelector("input")?.focus({ preventScroll: true });
      fault?.scrollIntoView({ block: "center" });
      return;
    }
    sending = true;
  });

  form.addEventListener("change", (event) => {
    if (event.target instanceof Element) {
      event.target.closest("fieldset")?.removeAttribute("aria-invalid");
    }
    if (fault) fault.textContent = "";
  });

  // Back from the next page: the form may be sent again.
  addEventListener("pageshow", () => {
    sending = false;
  });
}

/**
 * @param {HTMLFormElement} form
 * @returns {HTMLElement | null}
 */
function firstUnanswered(form) {
  for (const input of form.querySelectorAll("input[required]")) {
    if (input instanceof HTMLInputElement && input.validity.valueMissing) {
      return input.closest("fieldset");
    }
  }
  return null;
}
