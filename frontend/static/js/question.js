/** What all questions share. Without it the page is a plain form; with it, a quick one. */

import { holdOpen } from "./hold.js";
import { answerByKeys } from "./keys.js";
import { sendOnce } from "./send.js";
import { measureTime } from "./time.js";

const form = document.querySelector("#answer");

if (form instanceof HTMLFormElement) {
  measureTime(form);
  holdOpen(form);
  sendOnce(form);
  answerByKeys(form);
}
