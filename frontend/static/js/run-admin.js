// Runs in the admin that are still under way: their figures are kept up to date while one looks.

const PAUSE = 2000;

/**
 * @typedef {{
 *   calls: number, failed: number, unpriced: number, tokens_in: number, tokens_out: number,
 *   seconds: number | null,
 * }} Calls
 * @typedef {{
 *   run: number, done: number, failed: number, left: number, working: number, total: number,
 *   share: number, dollars: number, halted: string, finished: string | null,
 *   calls?: Calls, reasons?: Record<string, number>, undefined?: Record<string, number>,
 * }} Progress
 */

/**
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
function figure(value, digits = 0) {
  const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString("en", fixed);
}

/**
 * @param {string} address
 * @returns {Promise<any>} what the API says, null where it says nothing
 */
async function asked(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  return response.ok ? response.json() : null;
}

// --- The page of one run -------------------------------------------------------------------------

/**
 * @param {HTMLElement} panel
 * @param {Progress} run
 */
function show(panel, run) {
  const figures = {
    ended: figure(run.done + run.failed),
    done: figure(run.done),
    failed: figure(run.failed),
    left: figure(run.left),
    working: figure(run.working),
    dollars: figure(run.dollars, 4),
    ...(run.calls ? called(run.calls) : {}),
  };
  for (const [name, text] of Object.entries(figures)) {
    const place = panel.querySelector(`[data-figure="${name}"]`);
    if (place) place.textContent = text;
  }
  const bar = panel.querySelector("progress");
  if (bar) bar.value = run.share;
  const unpriced = panel.querySelector('[data-figure="unpriced"]');
  unpriced?.toggleAttribute("hidden", !run.calls?.unpriced);
  const count = unpriced?.querySelector("span");
  if (count) count.textContent = figure(run.calls?.unpriced ?? 0);
  panel.querySelector("[data-retry]")?.toggleAttribute("hidden", run.failed === 0);
  explain(panel.querySelector("[data-reasons]"), run.reasons ?? {});
  explain(panel.querySelector("[data-undefined]"), run.undefined ?? {});
}

/**
 * @param {Calls} calls
 * @returns {Record<string, string>}
 */
function called(calls) {
  return {
    calls: figure(calls.calls),
    "calls-failed": figure(calls.failed),
    "tokens-in": figure(calls.tokens_in),
    "tokens-out": figure(calls.tokens_out),
    seconds: calls.seconds === null ? "–" : figure(calls.seconds, 2),
  };
}

/**
 * @param {Element | null} place
 * @param {Record<string, number>} reasons
 */
function explain(place, reasons) {
  const lines = Object.entries(reasons).map(([reason, count]) => {
    const line = document.createElement("li");
    line.textContent = `${figure(count)} × ${reason}`;
    return line;
  });
  place?.toggleAttribute("hidden", lines.length === 0);
  place?.querySelector("ul")?.replaceChildren(...lines);
}

/** @param {HTMLElement} panel */
async function look(panel) {
  /** @type {Progress | null} */
  const run = await asked(panel.dataset.runPanel ?? "");
  if (!run) return;
  // What can be done about a run changes with its state.
  const changed = Boolean(run.halted) !== (panel.dataset.halted === "yes");
  if (changed || run.finished) location.reload();
  else show(panel, run);
}

// --- The list ------------------------------------------------------------------------------------

/** @param {HTMLProgressElement[]} bars */
async function lookAtAll(bars) {
  /** @type {Progress[]} */
  const runs = (await asked("/api/runs/")) ?? [];
  const known = new Map(runs.map((run) => [String(run.run), run]));
  for (const bar of bars) {
    const run = known.get(bar.dataset.run ?? "");
    if (!run) continue;
    bar.value = run.done + run.failed;
    const text = bar.nextElementSibling;
    if (text) text.textContent = `${run.done + run.failed} of ${run.total}`;
  }
}

/** @param {() => Promise<void>} work */
function again(work) {
  setInterval(() => {
    if (!document.hidden) work().catch(() => {});
  }, PAUSE);
}

/** @type {HTMLElement | null} */
const panel = document.querySelector('[data-run-panel][data-finished="no"]');
/** @type {HTMLProgressElement[]} */
const bars = [...document.querySelectorAll("progress")].filter((bar) => bar.dataset.run);
if (panel) again(() => look(panel));
if (bars.length) again(() => lookAtAll(bars));

export {};
