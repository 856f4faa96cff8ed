/** Time with the page in view and in focus. */

/**
 * Measure how long the page is in view, over reloads too, and send it with the answer.
 * @param {HTMLFormElement} form
 */
export function measureTime(form) {
  const field = form.elements.namedItem("seconds");
  if (!(field instanceof HTMLInputElement)) return;
  const name = `seconds ${new URL(form.action).pathname}`;
  let seen = Number(sessionStorage.getItem(name)) || 0;
  /** @type {number | null} */
  let since = null;

  const pause = () => {
    if (since !== null) seen += performance.now() - since;
    since = null;
    sessionStorage.setItem(name, String(seen));
  };

  const attend = () => {
    if (since === null && !document.hidden && document.hasFocus()) since = performance.now();
  };

  attend();
  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : attend()));
  for (const name of ["focus", "pointerdown", "keydown"]) addEventListener(name, attend);
  for (const name of ["blur", "pagehide"]) addEventListener(name, pause);
  form.addEventListener("formdata", (event) => {
    const now = since === null ? 0 : performance.now() - since;
    event.formData.set(field.name, ((seen + now) / 1000).toFixed(1));
  });
}
