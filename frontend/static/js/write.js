/** A description in one's own words: how much room is left. */

const text = document.querySelector("textarea#text");
const left = document.querySelector(".writing .left");

if (text instanceof HTMLTextAreaElement && left) {
  const count = () => {
    left.textContent = `${text.value.length} / ${text.maxLength}`;
    // The browser minds a length only after typing: an answer that comes back is checked as well.
    const short = text.value.trim().length < text.minLength;
    text.setCustomValidity(short ? "short" : "");
  };
  text.addEventListener("input", count);
  count();
}
