/** Painting 0 to 10 on the words of texts: by keys, by drag, by touch. */

const LEVELS = 10;
const STRONGEST = "x";

const painting = document.querySelector("fieldset.painting");
if (painting instanceof HTMLFieldSetElement) paintable(painting);

/** @typedef {{element: HTMLElement, mark: HTMLElement, level: HTMLElement, input: HTMLInputElement}} Cell */

/** @param {HTMLFieldSetElement} part */
function paintable(part) {
  /** @type {Cell[]} */
  const cells = [];
  for (const text of part.querySelectorAll(".paint")) cells.push(...made(text));
  const none = part.querySelector("input[name=none]");
  if (!(none instanceof HTMLInputElement) || !cells.length) return;
  part.classList.add("painted");
  let brush = LEVELS;

  /** @param {number} value */
  const take = (value) => {
    brush = value;
    for (const button of part.querySelectorAll(".brush button")) {
      const chosen = button.textContent === String(value);
      button.setAttribute("aria-pressed", String(chosen));
    }
  };
  const check = () => {
    const said = none.checked || cells.some((cell) => levelOf(cell));
    none.setCustomValidity(said ? "" : "missing");
  };
  /**
   * @param {Cell} cell
   * @param {number} value
   */
  const paint = (cell, value) => {
    const bounded = Math.max(0, Math.min(LEVELS, value));
    cell.input.value = bounded ? String(bounded) : "";
    if (bounded) none.checked = false;
    show(cell);
    part.dispatchEvent(new Event("change", { bubbles: true }));
  };

  part.querySelector(".texts")?.before(brushes(part.dataset.brush ?? "", take));
  take(brush);
  byKeys(cells, paint);
  byPointer(part, cells, paint, () => brush);
  none.addEventListener("change", () => {
    if (none.checked) for (const cell of cells) paint(cell, 0);
  });
  part.addEventListener("change", check);
  check();
}

/**
 * Turn a text's fields into words that can be painted: one stop of the Tab key.
 * @param {Element} text
 * @returns {Cell[]}
 */
function made(text) {
  text.setAttribute("role", "group");
  if (text instanceof HTMLElement) text.setAttribute("aria-label", text.dataset.label ?? "");
  return [...text.querySelectorAll("label.cell")].flatMap((label, at) => {
    const input = label.querySelector("input");
    if (!input) return [];
    const element = document.createElement("span");
    const mark = document.createElement("mark");
    const level = document.createElement("span");
    element.className = label.className;
    element.tabIndex = at ? -1 : 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-valuemin", "0");
    element.setAttribute("aria-valuemax", String(LEVELS));
    mark.textContent = (label.textContent ?? "").trim();
    element.setAttribute("aria-label", mark.textContent);
    level.className = "level";
    input.type = "hidden";
    element.append(mark, level, input);
    label.replaceWith(element);
    const cell = { element, mark, level, input };
    show(cell);
    return [cell];
  });
}

/**
 * @param {Cell} cell
 * @returns {number}
 */
function levelOf(cell) {
  return Number(cell.input.value) || 0;
}

/** @param {Cell} cell */
function show(cell) {
  const value = levelOf(cell);
  cell.mark.className = value ? `l${value}` : "l0";
  cell.level.textContent = value ? String(value) : "";
  cell.element.setAttribute("aria-valuenow", String(value));
}

/**
 * @param {string} label
 * @param {(value: number) => void} take
 * @returns {HTMLElement}
 */
function brushes(label, take) {
  const bar = document.createElement("div");
  const name = document.createElement("span");
  bar.className = "brush tokens";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", label);
  name.textContent = label;
  bar.append(name);
  for (let value = 0; value <= LEVELS; value++) {
    const button = document.createElement("button");
    const mark = document.createElement("mark");
    button.type = "button";
    button.className = "by-key";
    button.dataset.key = value === LEVELS ? STRONGEST : String(value);
    mark.className = `l${value}`;
    mark.textContent = String(value);
    button.append(mark);
    button.addEventListener("click", () => take(value));
    bar.append(button);
  }
  return bar;
}

/**
 * @param {Cell[]} cells of all texts, in reading order
 * @param {(cell: Cell, value: number) => void} paint
 */
function byKeys(cells, paint) {
  cells.forEach((cell, at) => {
    cell.element.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const steps = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const change = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      const digit = event.key.toLowerCase() === STRONGEST ? LEVELS : Number.parseInt(event.key, 10);
      if (steps) {
        const to = cells[at + steps];
        if (to && event.shiftKey) paint(to, levelOf(cell));
        if (to) enter(to);
      } else if (change) paint(cell, levelOf(cell) + change);
      else if (!Number.isNaN(digit)) paint(cell, digit);
      else return;
      event.preventDefault();
    });
  });
}

/** @param {Cell} cell */
function enter(cell) {
  for (const other of cell.element.parentElement?.querySelectorAll(".cell") ?? []) {
    if (other instanceof HTMLElement) other.tabIndex = -1;
  }
  cell.element.tabIndex = 0;
  cell.element.focus();
}

/**
 * A press paints, or takes the same paint away; going on paints or wipes what is passed.
 * @param {HTMLFieldSetElement} part
 * @param {Cell[]} cells
 * @param {(cell: Cell, value: number) => void} paint
 * @param {() => number} brush
 */
function byPointer(part, cells, paint, brush) {
  /** @type {number | null} */
  let stroke = null;
  /** @type {Cell | undefined} */
  let last;
  /** @param {PointerEvent} event */
  const under = (event) => {
    const element = document.elementFromPoint(event.clientX, event.clientY)?.closest(".cell");
    return cells.find((cell) => cell.element === element);
  };
  part.addEventListener("pointerdown", (event) => {
    const cell = under(event);
    if (!cell || event.button) return;
    stroke = levelOf(cell) === brush() ? 0 : brush();
    last = event.pointerType === "touch" ? undefined : cell;
    if (last) paint(cell, stroke);
  });
  part.addEventListener("pointermove", (event) => {
    const cell = stroke === null ? undefined : under(event);
    if (cell && cell !== last && stroke !== null) paint(cell, stroke);
    last = cell ?? last;
  });
  // A finger that was only lifted paints where it was; one that scrolls is cancelled.
  part.addEventListener("pointerup", (event) => {
    const cell = under(event);
    if (cell && !last && stroke !== null) paint(cell, stroke);
    if (cell && stroke !== null) enter(cell);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    part.addEventListener(end, () => {
      stroke = null;
    });
  }
}
