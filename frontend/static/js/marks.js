/** The values behind the marks of what a question shows. */

import { showValues } from "./values.js";

showValues(document.querySelectorAll(".excerpts .tokens"));
