"use strict";
// Sorting and filtering for tables that are complete without this script.
(() => {
  const NUMBER = /[−-]?\d+(\.\d+)?(e[−-]?\d+)?/;
  const value = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.sort !== undefined) return Number(cell.dataset.sort);
    const number = row.closest("table").classList.contains(`n${column + 1}`);
    const found = number && NUMBER.exec(cell.textContent);
    return found ? Number(found[0].replaceAll("−", "-")) : cell.textContent;
  };
  const compare = (a, b) => {
    const numbers = (typeof a === "number") + (typeof b === "number");
    if (numbers === 2) return a - b;
    if (numbers === 1) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, "en", { numeric: true });
  };
  for (const table of document.querySelectorAll("table")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.querySelectorAll("th:not(.above)")];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].sort((a, b) => compare(value(a, column), value(b, column)));
        if (down) rows.reverse();
        body.append(...rows);
      });
    });
  }
  for (const box of document.querySelectorAll(".search")) {
    const rows = [...box.querySelectorAll("tbody tr")];
    if (rows.length < 6) continue;
    const label = document.createElement("label");
    const input = document.createElement("input");
    const count = document.createElement("span");
    label.className = "filter";
    label.append("Filter ", input, count);
    input.type = "search";
    input.placeholder = "words, all of which must occur";
    count.setAttribute("aria-live", "polite");
    const show = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        left += row.hidden ? 0 : 1;
      }
      count.textContent = `${left} of ${rows.length} rows`;
    };
    input.addEventListener("input", show);
    show();
    box.prepend(label);
  }
})();
