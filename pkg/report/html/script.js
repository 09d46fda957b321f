// Makes the tables sortable and searchable. The page is whole without it.
"use strict";
(() => {
  const collator = new Intl.Collator("en", { numeric: true });

  // value is what a cell is sorted by: a number, where the column has numbers.
  function value(row, column, numeric) {
    const cell = row.cells[column];
    const text = cell.dataset.v ?? cell.textContent;
    return numeric ? parseFloat(text.replaceAll(",", "")) || 0 : text;
  }

  function setUp(table) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    let rows = original;
    let wanted = "";
    const texts = new Map();
    const caption = table.caption.textContent;

    const bar = document.createElement("div");
    bar.className = "filter";
    const label = document.createElement("label");
    label.append("Filter");
    const input = document.createElement("input");
    input.type = "search";
    input.autocomplete = "off";
    input.spellcheck = false;
    input.setAttribute("aria-label", "Filter: " + caption);
    label.append(input);
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    bar.append(label, count);
    table.parentElement.before(bar);

    function show() {
      const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
      const matching = words.length === 0 ? rows : rows.filter((row) => {
        let text = texts.get(row);
        if (text === undefined) {
          text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
          texts.set(row, text);
        }
        return words.every((word) => text.includes(word));
      });
      body.replaceChildren(...matching);
      const all = rows.length.toLocaleString("en");
      count.textContent = words.length === 0 ? all + (rows.length === 1 ? " row" : " rows")
        : matching.length.toLocaleString("en") + " of " + all + " rows";
    }

    input.addEventListener("input", () => {
      wanted = input.value;
      show();
    });

    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const numeric = head.classList.contains("n");
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        // Numbers begin with the largest, and the third click restores the report's order.
        const order = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
        const next = order[order.indexOf(head.getAttribute("aria-sort")) + 1] ?? "none";
        for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", next);
        rows = original;
        if (next !== "none") {
          const sign = next === "ascending" ? 1 : -1;
          rows = original.map((row) => [value(row, column, numeric), row])
            .sort(([a], [b]) => sign * (numeric ? a - b : collator.compare(a, b)))
            .map(([, row]) => row);
        }
        show();
      });
    });
    show();
  }

  document.querySelectorAll("table.sortable").forEach(setUp);

  // A link into a bucket opens it.
  function open() {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  }
  window.addEventListener("hashchange", open);
  open();
})();
