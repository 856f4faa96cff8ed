/** One of several: the image that has the focus is enlarged by its key. */

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "e" || event.ctrlKey || event.altKey || event.metaKey) return;
  if (document.querySelector("dialog[open]")) return;
  const zoom = document.activeElement?.closest(".pick")?.querySelector("a.zoom");
  if (zoom instanceof HTMLElement) zoom.click();
});
