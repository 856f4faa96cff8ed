/** Asking a worker what a neuron does on a text, and showing the answer when it comes. */

import { showValues } from "./excerpt-values.js";
import { t } from "./i18n.js";

const FIRST_PAUSE = 150;
const LONGEST_PAUSE = 2000;
const PATIENCE = 20_000;
const TRIES = 4;
// Reasons come from the server in English, whatever the page is in.
const SERVER = "en";

/** @typedef {{state: string, ahead: number, result: any, reason: string}} Answer */

class Refused extends Error {
  /** @param {{text: string, language: string}} message */
  constructor({ text, language }) {
    super(text);
    this.language = language;
  }
}

/** One half of the section: where the answers of one kind are shown. */
class Panel {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.state = /** @type {HTMLElement} */ (element.querySelector(".live-state"));
    this.result = /** @type {HTMLElement} */ (element.querySelector(".live-result"));
    /** @type {Asking | null} */
    this.asking = null;
  }

  /** Forget a question that was ended. */
  rest() {
    if (this.asking?.abort.signal.aborted && this.element.dataset.state !== "finished") {
      this.say("", "");
    }
  }

  /**
   * Show what is happening; the same text is announced once.
   * @param {string} state
   * @param {string} text
   * @param {string} [language] of the text, where it is not the page's
   */
  say(state, text, language = "") {
    this.element.dataset.state = state;
    if (language) this.state.lang = language;
    else this.state.removeAttribute("lang");
    this.result.toggleAttribute("inert", state !== "finished");
    if (this.state.textContent !== text) this.state.textContent = text;
  }

  /**
   * @param {string} kind
   * @param {any} result
   */
  async show(kind, result) {
    // Read when there is an answer: a page that nobody asks from is lighter without it.
    const { activations, intervention, spoken } = await import("./live-results.js");
    const shown = kind === "activate" ? activations(result) : intervention(result);
    this.result.replaceChildren(shown);
    showValues(this.result.querySelectorAll(".tokens"));
    this.say("finished", spoken(kind, result));
  }
}

/** What is asked at the moment: ending it stops the waiting, and withdraws it from the worker. */
class Asking {
  /**
   * @param {string} address
   * @param {string} csrf
   */
  constructor(address, csrf) {
    this.address = address;
    this.headers = { "X-CSRFToken": csrf, "Content-Type": "application/json" };
    this.abort = new AbortController();
    this.token = "";
  }

  end() {
    this.abort.abort();
    if (!this.token) return;
    const request = { method: "DELETE", headers: this.headers, keepalive: true };
    fetch(`${this.address}${this.token}/`, request).catch(() => {});
    this.token = "";
  }

  /**
   * @param {Record<string, unknown>} question
   * @param {Panel} panel
   */
  async ask(question, panel) {
    const sent = await this.request(this.address, "POST", JSON.stringify(question));
    this.token = sent.token;
    const asked = performance.now();
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.4, LONGEST_PAUSE)) {
      await sleep(pause, this.abort.signal);
      const answer = await this.patiently(`${this.address}${this.token}/`);
      if (answer.state === "finished" || answer.state === "failed") {
        this.token = "";
        return answer;
      }
      panel.say(answer.state, waiting(answer, performance.now() - asked));
    }
  }

  /**
   * Read, and read again where the network fails for a moment.
   * @param {string} address
   * @returns {Promise<Answer>}
   */
  async patiently(address) {
    for (let tries = 1; ; tries++) {
      try {
        return await this.request(address, "GET");
      } catch (error) {
        if (error instanceof Refused || this.abort.signal.aborted || tries === TRIES) throw error;
        await sleep(LONGEST_PAUSE, this.abort.signal);
      }
    }
  }

  /**
   * @param {string} address
   * @param {string} method
   * @param {string} [body]
   */
  async request(address, method, body) {
    const { signal } = this.abort;
    const response = await fetch(address, { method, body, signal, headers: this.headers });
    if (response.ok) return response.json();
    if (response.status >= 500) throw new Error(`status ${response.status}`);
    throw new Refused(await refusal(response));
  }
}

/**
 * @param {Response} response
 * @returns {Promise<{text: string, language: string}>}
 */
async function refusal(response) {
  const own = refusalInWords(response.status);
  if (own) return { text: own, language: "" };
  const { detail } = await response.json().catch(() => ({ detail: "" }));
  if (detail) return { text: sentence(String(detail)), language: SERVER };
  return { text: t("The request was refused. Reload the page."), language: "" };
}

/**
 * @param {number} status
 * @returns {string}
 */
function refusalInWords(status) {
  if (status === 403) return t("This page is out of date. Reload it.");
  if (status === 404) return t("This can no longer be found. Reload the page.");
  return "";
}

/**
 * @param {Answer} answer
 * @param {number} since milliseconds
 * @returns {string}
 */
function waiting(answer, since) {
  if (answer.state === "working") {
    return since > PATIENCE
      ? t("Still working on it: the model may be loading.")
      : t("Working on it…");
  }
  if (answer.ahead) return t("Waiting: {n} ahead of you…", { n: answer.ahead });
  return since > PATIENCE
    ? t("Still waiting. The workers are busy, or none is running.")
    : t("Waiting for a worker…");
}

/**
 * @param {number} pause milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function sleep(pause, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, pause);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}

/**
 * @param {string} text
 * @returns {string}
 */
function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}

/**
 * @param {HTMLElement} section
 * @param {HTMLFormElement} form
 */
function answerOn(section, form) {
  /** @type {Map<string, Panel>} */
  const panels = new Map();
  for (const element of section.querySelectorAll(".live-panel")) {
    if (element instanceof HTMLElement) panels.set(element.dataset.kind ?? "", new Panel(element));
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form, event.submitter));
    const { csrfmiddlewaretoken, ...question } = given;
    const panel = panels.get(String(question.kind));
    if (!panel) return;
    panel.asking?.end();
    const asking = new Asking(section.dataset.questions ?? "", String(csrfmiddlewaretoken));
    panel.asking = asking;
    panel.say("waiting", t("Asking…"));
    try {
      const answer = await asking.ask(question, panel);
      if (answer.state === "finished") await panel.show(String(question.kind), answer.result);
      else panel.say("failed", sentence(answer.reason), SERVER);
    } catch (error) {
      if (asking.abort.signal.aborted) return;
      const refused = error instanceof Refused;
      const unreached = t("The site cannot be reached. Try again.");
      panel.say("failed", refused ? error.message : unreached, refused ? error.language : "");
    }
  });
  addEventListener("pagehide", () => {
    for (const panel of panels.values()) panel.asking?.end();
  });
  // Back from another page: what was left waiting is not asked any more.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const panel of panels.values()) panel.rest();
  });
}

const section = document.querySelector(".live");
const form = document.querySelector("form#live");
if (section instanceof HTMLElement && form instanceof HTMLFormElement) answerOn(section, form);
