/** Time with the page in view. */

/**
 * Measure how long the page is in view, over reloads too, and send it with the answer.
 * @param {HTMLFormElement} form
 */
export function measureTime(form) {
  const field = form.elements.namedItem("seconds");
  if (!(field instanceof HTMLInputElement)) return;
  const name = `seconds ${new URL(form.action).pathname}`;
  let seen = Number(sessionStorage.getItem(name)) || 0;
  let since = document.hidden ? null : performance.now();

  const pause = () => {
    if (since !== null) seen += performance.now() - since;
    since = null;
    sessionStorage.setItem(name, String(seen));
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) pause();
    else since = performance.now();
  });
  addEventListener("pagehide", pause);
  form.addEventListener("formdata", (event) => {
    const now = since === null ? 0 : performance.now() - since;
    event.formData.set(field.name, ((seen + now) / 1000).toFixed(1));
  });
}
