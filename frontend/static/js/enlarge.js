/** Images, larger, without leaving the page. */

for (const link of document.querySelectorAll("a.zoom")) {
  if (!(link instanceof HTMLAnchorElement)) continue;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    enlarge(link);
  });
}

/** @param {HTMLAnchorElement} link */
function enlarge(link) {
  const dialog = document.createElement("dialog");
  const image = document.createElement("img");
  const close = document.createElement("button");
  dialog.className = "enlarged";
  dialog.setAttribute("aria-label", link.getAttribute("aria-label") ?? "");
  image.src = link.href;
  image.alt = link.parentElement?.querySelector("img")?.alt ?? "";
  close.type = "button";
  close.autofocus = true;
  close.textContent = document.querySelector("#keys button")?.textContent?.trim() ?? "×";
  dialog.append(image, close);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
