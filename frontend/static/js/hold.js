/** A question stays the rater's while its page is open, and its form is kept as it is. */

const BEAT = 45_000;
const PAUSE = 1_000;

/**
 * Send the form a moment after each change, and now and then until the rater is still for too long.
 * @param {HTMLFormElement} form
 */
export function holdOpen(form) {
  const { hold, lease } = form.dataset;
  if (!hold) return;
  let moved = Date.now();
  let ended = false;
  let soon = 0;

  const send = () => {
    clearTimeout(soon);
    soon = 0;
    if (ended || Date.now() - moved > Number(lease) * 1000) return;
    fetch(hold, { method: "POST", body: new FormData(form), keepalive: true })
      .then((answer) => {
        ended = !answer.ok;
      })
      .catch(() => {});
  };
  const touch = () => {
    moved = Date.now();
  };
  const change = () => {
    clearTimeout(soon);
    soon = setTimeout(send, PAUSE);
  };

  for (const name of ["keydown", "pointerdown", "scroll"]) addEventListener(name, touch);
  for (const name of ["input", "change"]) form.addEventListener(name, change);
  form.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) clearTimeout(soon);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && soon) send();
  });
  setInterval(send, BEAT);
}
