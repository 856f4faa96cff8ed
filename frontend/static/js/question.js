/** What all questions share. Without scripts the page is a plain form. */

import { answerByKeys } from "./keys.js";
import { extendLease } from "./lease.js";
import { submitOnce } from "./submit.js";
import { measureTime } from "./time.js";

const form = document.querySelector("#answer");

if (form instanceof HTMLFormElement) {
  measureTime(form);
  extendLease(form);
  submitOnce(form);
  answerByKeys(form);
}
