/** The exact values of marked words, for a pointer, touch, the keyboard and screen readers. */

/**
 * Show a mark's value when it is pointed at or touched, and walk through an excerpt's marks with
 * the arrow keys: each excerpt is one stop of the Tab key.
 * @param {NodeListOf<Element>} excerpts
 */
export function showValues(excerpts) {
  for (const excerpt of excerpts) {
    if (!(excerpt instanceof HTMLElement)) continue;
    const marks = [...excerpt.querySelectorAll("mark")];
    // The page's own tip takes the place of the browser's, which comes late.
    for (const mark of marks) {
      mark.dataset.value = mark.title;
      mark.removeAttribute("title");
    }
    if (marks.length) makeStop(excerpt, marks);
    excerpt.addEventListener("pointerover", (event) => show(markAt(event)));
    excerpt.addEventListener("pointerleave", hide);
    excerpt.addEventListener("click", (event) => show(markAt(event)));
  }
  addEventListener("resize", hide);
}

/**
 * @param {HTMLElement} excerpt
 * @param {HTMLElement[]} marks in reading order, at least one
 */
function makeStop(excerpt, marks) {
  let at = -1;
  const last = marks.length - 1;
  /** @type {Record<string, () => number>} */
  const moves = {
    ArrowRight: () => Math.min(at + 1, last),
    ArrowDown: () => Math.min(at + 1, last),
    ArrowLeft: () => Math.max(at - 1, 0),
    ArrowUp: () => Math.max(at - 1, 0),
    Home: () => 0,
    End: () => last,
  };
  excerpt.tabIndex = 0;
  excerpt.setAttribute("role", "group");
  excerpt.setAttribute("aria-label", excerpt.dataset.label ?? "");
  excerpt.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    at = move();
    show(marks[at] ?? null, true);
  });
  excerpt.addEventListener("blur", () => {
    at = -1;
    hide();
  });
}

/**
 * @param {Event} event
 * @returns {HTMLElement | null}
 */
function markAt(event) {
  return event.target instanceof Element ? event.target.closest("mark") : null;
}

/**
 * @param {HTMLElement | null} mark
 * @param {boolean} [spoken] whether to announce it too
 */
function show(mark, spoken = false) {
  hide();
  const tip = document.querySelector("#tip");
  if (!mark || !(tip instanceof HTMLElement)) return;
  mark.classList.add("on");
  tip.textContent = mark.dataset.value ?? "";
  tip.hidden = false;
  place(tip, mark);
  const live = document.querySelector("#value");
  if (spoken && live) live.textContent = `${mark.textContent} ${mark.dataset.value}`;
}

/**
 * @param {HTMLElement} tip
 * @param {HTMLElement} mark
 */
function place(tip, mark) {
  const box = mark.getClientRects()[0] ?? mark.getBoundingClientRect();
  const middle = box.left + box.width / 2 - tip.offsetWidth / 2;
  const furthest = document.documentElement.clientWidth - tip.offsetWidth - 4;
  tip.style.left = `${Math.max(4, Math.min(middle, furthest)) + scrollX}px`;
  tip.style.top = `${box.top - tip.offsetHeight - 4 + scrollY}px`;
}

function hide() {
  const tip = document.querySelector("#tip");
  if (tip instanceof HTMLElement) tip.hidden = true;
  document.querySelector("mark.on")?.classList.remove("on");
}

// Elsewhere a page's own script says which excerpts.
showValues(document.querySelectorAll(".question .excerpts .tokens"));
