/** Which of several fit: some, or explicitly none. */

const marks = document.querySelector("fieldset.marks");
if (marks instanceof HTMLFieldSetElement) eitherSomeOrNone(marks);

/** @param {HTMLFieldSetElement} part */
function eitherSomeOrNone(part) {
  const none = part.querySelector("input[name=none]");
  const boxes = [...part.querySelectorAll("input[type=checkbox]")].filter(
    (box) => box instanceof HTMLInputElement,
  );
  const first = boxes[0];
  if (!(none instanceof HTMLInputElement) || !first) return;
  // The browser's own words are not shown: the page says what is missing.
  const check = () => first.setCustomValidity(boxes.some((box) => box.checked) ? "" : "missing");
  part.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.checked) {
      for (const box of boxes) {
        if (event.target === none ? box !== none : box === none) box.checked = false;
      }
    }
    check();
  });
  check();
}
