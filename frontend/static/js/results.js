// Results that arrive while the page is open: shown at once where there were none, offered otherwise.
// How far a worker is, is told meanwhile.

const PAUSE = 2000;
const place = document.getElementById("freshness");
const note = place?.querySelector("[data-note]");

/**
 * @param {{stage: string, share: number} | null} analysis
 * @param {boolean} isEmpty
 */
function progressed(analysis, isEmpty) {
  if (!analysis?.stage) {
    return;
  }
  const stage = document.querySelector("[data-stage]");
  const bar = document.querySelector("[data-progress]");
  if (isEmpty && stage && bar instanceof HTMLProgressElement) {
    stage.textContent = analysis.stage.charAt(0).toUpperCase() + analysis.stage.slice(1);
    bar.value = analysis.share;
  } else if (note) {
    note.textContent = `New results are being computed: ${analysis.stage}.`;
  }
}

/** @param {DOMStringMap} shown */
async function look(shown) {
  const response = await fetch(shown.api ?? "", { headers: { Accept: "application/json" } });
  if (!response.ok) {
    return;
  }
  const { analysis } = await response.json();
  if (analysis === null || analysis.state === "open") {
    progressed(analysis, shown.empty === "yes");
    return;
  }
  const isNew = Date.parse(analysis.finished) - Date.parse(shown.finished || "1970-01-01") >= 1000;
  if (!isNew) {
    return;
  }
  if (shown.empty === "yes") {
    location.reload();
  } else if (note && !note.querySelector("a")) {
    note.textContent = "New results: ";
    const link = Object.assign(document.createElement("a"), { href: "", textContent: "show them" });
    note.append(link);
  }
}

if (place) {
  setInterval(() => {
    if (!document.hidden) {
      look(place.dataset).catch(() => {});
    }
  }, PAUSE);
}

// --- Where one is on the page -------------------------------------------------------------------

const links = new Map(
  [...document.querySelectorAll(".contents a")].map((link) => [link.getAttribute("href"), link]),
);

/** Mark the last section that has begun, and bring its link into view where the links are a row. */
function mark() {
  let current = [...links.keys()][0];
  for (const target of links.keys()) {
    const heading = target && document.querySelector(target);
    if (heading && heading.getBoundingClientRect().top < innerHeight / 3) current = target;
  }
  for (const [target, link] of links) {
    if (target !== current) {
      link.removeAttribute("aria-current");
    } else if (!link.hasAttribute("aria-current")) {
      link.setAttribute("aria-current", "true");
      const row = link.closest(".contents");
      if (row instanceof HTMLElement && link instanceof HTMLElement) {
        row.scrollLeft = link.offsetLeft - row.clientWidth / 3;
      }
    }
  }
}

if (links.size) {
  addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
  mark();
}

// --- On paper nothing is folded but the tables behind figures -------------------------------------

/** @type {HTMLDetailsElement[]} */
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details")].filter(
    (each) => each.matches(".fold") && !each.open,
  );
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
});

export {};
