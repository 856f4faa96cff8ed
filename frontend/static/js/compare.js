/** Two descriptions: how much better one fits is asked only where one does. */

const form = document.querySelector("#answer");
const strength = document.querySelector("fieldset.strength");

if (form instanceof HTMLFormElement && strength instanceof HTMLFieldSetElement) {
  form.addEventListener("change", () => ask(form, strength));
  ask(form, strength);
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLFieldSetElement} strength
 */
function ask(form, strength) {
  const choice = new FormData(form).get("choice");
  strength.disabled = choice === "tie" || choice === "both_bad";
  for (const input of strength.querySelectorAll("input")) input.required = true;
}
