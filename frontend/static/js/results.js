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

export {};
