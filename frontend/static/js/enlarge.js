/** Images, larger, without leaving the page; on to the next one by an arrow key. */

/** @type {HTMLAnchorElement[]} */
const links = [...document.querySelectorAll("a.zoom")].filter(
  (link) => link instanceof HTMLAnchorElement,
);

for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    enlarge(link);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "e" || event.ctrlKey || event.altKey || event.metaKey) return;
  if (document.querySelector("dialog[open]")) return;
  const focused = document.activeElement;
  const link = focused?.closest("a.zoom") ?? focused?.closest(".pick")?.querySelector("a.zoom");
  if (link instanceof HTMLElement) link.click();
});

/** @returns {string} what the page calls closing */
function closing() {
  const said = document.querySelector("#keys button")?.textContent?.trim();
  return said ?? document.querySelector("[data-close]")?.getAttribute("data-close") ?? "×";
}

/** @param {HTMLAnchorElement} first */
function enlarge(first) {
  const dialog = document.createElement("dialog");
  const image = document.createElement("img");
  const close = document.createElement("button");
  let at = links.indexOf(first);
  const show = () => {
    const link = links[at];
    const small = link?.querySelector("img") ?? link?.parentElement?.querySelector("img");
    dialog.setAttribute("aria-label", link?.getAttribute("aria-label") ?? "");
    image.src = link?.href ?? "";
    image.alt = small?.alt ?? "";
    for (const side of ["width", "height"]) {
      image.setAttribute(side, small?.getAttribute(side) ?? "");
    }
  };
  dialog.className = "enlarged";
  close.type = "button";
  close.autofocus = true;
  close.textContent = closing();
  dialog.append(image, close);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    at = (at + step + links.length) % links.length;
    show();
  });
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  show();
  document.body.append(dialog);
  dialog.showModal();
}
