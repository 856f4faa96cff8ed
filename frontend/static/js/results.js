// Results that arrive while the page is open: shown at once where there were none, offered otherwise.

const PAUSE = 5000;
const place = document.getElementById("freshness");
const note = place?.querySelector("[data-note]");

/** @param {DOMStringMap} shown */
async function look(shown) {
  const response = await fetch(shown.api ?? "", { headers: { Accept: "application/json" } });
  if (!response.ok) {
    return;
  }
  const { analysis } = await response.json();
  if (analysis === null || analysis.state === "open") {
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
