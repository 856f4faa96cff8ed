/** What all questions share. Without it the page is a plain form; with it, a quick one. */

import { enlarge } from "./enlarge.js";
import { answerByKeys } from "./keys.js";
import { sendOnce } from "./send.js";
import { measureTime } from "./time.js";
import { showValues } from "./values.js";

const form = document.querySelector("#answer");

showValues(document.querySelectorAll(".excerpts .tokens"));
enlarge(document.querySelectorAll("a.zoom"));
if (form instanceof HTMLFormElement) {
  measureTime(form);
  sendOnce(form);
  answerByKeys(form);
}
