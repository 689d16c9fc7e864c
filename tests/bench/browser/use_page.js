// Runs in the page, as an expression: does what a reader does, and tells what came of it. deno-lint-ignore-file
(() => {
  const shown = (selector) =>
    [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  const tip = document.querySelector(".tip");
  const chart = shown("figure .panels svg")[0];
  const key = (name) =>
    chart.dispatchEvent(
      new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }),
    );
  chart.focus();
  const values = ["ArrowRight", "ArrowRight", "ArrowLeft"].map((name) => {
    key(name);
    return tip.hidden ? null : tip.textContent;
  });
  key("Escape");
  const closed = tip.hidden;
  const mark = chart.querySelector(".data > *"), box = mark.getBoundingClientRect();
  chart.dispatchEvent(
    new PointerEvent("pointermove", {
      clientX: box.x + box.width / 2 + 6,
      clientY: box.y,
      bubbles: true,
    }),
  );
  const pointed = tip.textContent === mark.querySelector("title").textContent;

  const buttons = [...document.querySelectorAll(".highlight button")];
  const names = buttons.map((button) => button.textContent);
  buttons[0]?.click();
  const faded = document.querySelectorAll(".faded").length;
  const marked = document.querySelectorAll("tr.marked").length;
  buttons[0]?.click();
  const left = document.querySelectorAll(".faded, tr.marked").length;

  const table = [...document.querySelectorAll("table.result")].find((one) =>
    one.querySelector("thead button")
  );
  const column = (c) => [...table.tBodies[0].rows].map((row) => row.cells[c].textContent);
  // The first column of numbers that has different ones.
  const sorted = [2, 3, 4, 5].find((c) => new Set(column(c)).size > 1);
  const orders = [column(sorted)];
  for (let i = 0; i < 3; i++) {
    table.querySelectorAll("thead button")[sorted].click();
    orders.push(column(sorted));
  }

  const form = document.querySelector("form.calculator");
  let calculated = null;
  if (form !== null) {
    const { hot, skipped } = form.elements;
    const rows = () => [...form.querySelectorAll("tbody tr")].map((row) => row.textContent);
    hot.value = 50;
    skipped.value = 40;
    form.dispatchEvent(new Event("input"));
    calculated = { shown: form.checkVisibility(), rows: rows() };
  }
  return { values, closed, pointed, names, faded, marked, left, orders, calculated };
})();
