/** Extend the lease of a question while its page is open, and store its form as a draft. */

const BEAT = 45_000;
const PAUSE = 1_000;

/**
 * Send the form soon after each change, and regularly until the rater has been idle for too long.
 * @param {HTMLFormElement} form
 */
export function extendLease(form) {
  const { leaseUrl, lease } = form.dataset;
  if (!leaseUrl) return;
  let moved = Date.now();
  let ended = false;
  let soon = 0;

  const send = () => {
    clearTimeout(soon);
    soon = 0;
    if (ended || Date.now() - moved > Number(lease) * 1000) return;
    fetch(leaseUrl, { method: "POST", body: new FormData(form), keepalive: true })
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
