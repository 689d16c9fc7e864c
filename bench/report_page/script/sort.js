/**
 * Tables that are sorted by a click on a column's name: up, down, and back to the order that they had.
 *
 * @param {HTMLElement} root Where the tables are.
 */
export function makeSortable(root) {
  for (const table of root.querySelectorAll("table.result")) {
    const body = table.tBodies[0], rows = [...body.rows];
    if (rows.length < 3) continue;
    const headings = [...table.tHead.rows[0].cells];
    for (const [c, heading] of headings.entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const was = heading.getAttribute("aria-sort");
        for (const other of headings) other.removeAttribute("aria-sort");
        if (was === "descending") return body.append(...rows);
        const sign = was === "ascending" ? -1 : 1;
        heading.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
        body.append(
          ...rows.toSorted((a, b) => sign * compareCells(a.cells[c], b.cells[c])),
        );
      });
    }
  }

  /** Numbers by their size, before texts; empty cells are least. */
  function compareCells(a, b) {
    const [x, y] = [a, b].map(numberOf);
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) ||
      a.textContent.localeCompare(b.textContent, "en", { numeric: true });
  }

  /** The number that a cell is, or that it begins with, as in `0.665 ± 0.045` and `< -100`. */
  function numberOf(cell) {
    if (cell.textContent.trim() === "") return -Infinity;
    return Number(cell.dataset.value ?? parseFloat(cell.textContent.replace(/^< |,/g, "")));
  }
}
