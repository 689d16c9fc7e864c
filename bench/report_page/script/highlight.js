/**
 * Highlight of one plan or workload: in every figure what is not of it fades, and rows of tables that name it are marked.
 *
 * @param {HTMLElement} root Where the figures and tables are.
 */
export function offerHighlight(root) {
  const named = root.querySelectorAll("figure [data-series]");
  /** Figures by each name that they have, as a series or a category. */
  const figures = new Map();
  for (const element of named) {
    for (const name of namesOf(element)) {
      const of = figures.get(name) ?? new Set();
      figures.set(name, of.add(element.closest("figure")));
    }
  }
  // What one figure alone has, its own legend shows.
  const names = [...figures].filter(([name, of]) =>
    of.size > 1 && !/^(-?[\d.]|predicted$|published$|mean$)/.test(name)
  )
    .sort(([, a], [, b]) => b.size - a.size).map(([name]) => name).slice(0, 14);
  if (names.length === 0) return;
  const bar = document.createElement("div");
  bar.className = "highlight";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Highlight in all figures and tables");
  bar.append("Highlight ");
  let chosen = null;
  const buttons = names.map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => choose(name === chosen ? null : name));
    bar.append(button, " ");
    return button;
  });
  const choose = (name) => {
    chosen = name;
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.textContent === name));
    }
    for (const element of named) {
      // A panel's title can name the workload of all its values.
      const title = element.closest("svg").querySelector("title").textContent;
      const isOther = name !== null && !namesOf(element).includes(name) &&
        !title.includes(`: ${name}`);
      element.classList.toggle(
        "faded",
        isOther && figures.get(name).has(element.closest("figure")),
      );
    }
    for (const row of root.querySelectorAll("table.result tbody tr")) {
      const cells = [...row.children].map((cell) => plainName(cell.textContent));
      row.classList.toggle("marked", name !== null && cells.includes(name));
    }
  };
  choose(null);
  for (const key of root.querySelectorAll("figure .key")) {
    const [name] = namesOf(key);
    if (names.includes(name)) {
      key.addEventListener("click", () => choose(name === chosen ? null : name));
    }
  }
  root.querySelector("nav").after(bar);

  /** The series of a mark and the category that it stands at, as they are called everywhere. */
  function namesOf(element) {
    return [element.dataset.series, element.dataset.x]
      .filter((name) => name !== undefined).map(plainName);
  }

  /** `FAE` and `fae, stopped early` are one plan. */
  function plainName(name) {
    const plain = name.replace(/, stopped early$/, "").trim();
    return /^(baseline|fae|slipstream)$/i.test(plain) ? plain.toLowerCase() : plain;
  }
}
