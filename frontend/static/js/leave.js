/** Back to a recruiter by itself, after time to read, unless somebody would rather stay. */

const way = document.querySelector("a[data-after]");
const told = document.querySelector(".leaving");

if (way instanceof HTMLAnchorElement && told instanceof HTMLElement) {
  const leaving = setTimeout(() => way.click(), Number(way.dataset.after) * 1000);
  told.hidden = false;
  told.querySelector("button")?.addEventListener("click", () => {
    clearTimeout(leaving);
    told.remove();
    way.focus();
  });
}
