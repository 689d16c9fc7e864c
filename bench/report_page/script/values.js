/**
 * Values on hover and by keyboard: the title of a mark beside the pointer, and arrow keys from mark to mark of a chart.
 *
 * Titles of marks are in the page anyway, where a browser shows them after a second and on no phone.
 *
 * @param {HTMLElement} root Where the charts are.
 */
export function showValues(root) {
  /** Everything in a chart that stands for a value. */
  const MARKS = ".data > *, .unseen > *";
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  root.append(tip);
  let shown = null;

  const hide = () => {
    shown?.classList.remove("pointed");
    shown = null;
    tip.hidden = true;
  };
  const show = (mark) => {
    if (mark === shown) return;
    hide();
    shown = mark;
    mark.classList.add("pointed");
    tip.textContent = mark.querySelector("title").textContent;
    tip.hidden = false;
    const box = mark.getBoundingClientRect();
    const left = box.left + box.width / 2 - tip.offsetWidth / 2;
    const most = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${scrollX + Math.max(8, Math.min(left, most))}px`;
    const above = box.top - tip.offsetHeight - 8;
    tip.style.top = `${scrollY + (above < 4 ? box.bottom + 8 : above)}px`;
  };

  /** The mark under the pointer, or the nearest within reach: points are smaller than fingers. */
  const markAt = (svg, x, y) => {
    let best = null, least = 20;
    for (const mark of svg.querySelectorAll(MARKS)) {
      const box = mark.getBoundingClientRect();
      const dx = Math.max(box.left - x, 0, x - box.right);
      const dy = Math.max(box.top - y, 0, y - box.bottom);
      const away = Math.hypot(dx, dy);
      if (away < least) [best, least] = [mark, away];
    }
    return best;
  };

  for (const svg of root.querySelectorAll("figure svg")) {
    const marks = [...svg.querySelectorAll(MARKS)];
    if (marks.length === 0) continue;
    svg.tabIndex = 0;
    svg.addEventListener("pointermove", (event) => {
      const mark = markAt(svg, event.clientX, event.clientY);
      if (mark === null) hide();
      else show(mark);
    });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") hide();
      if (step === undefined) return;
      event.preventDefault();
      const at = marks.indexOf(shown);
      show(marks.at(at < 0 ? (step > 0 ? 0 : -1) : (at + step) % marks.length));
    });
  }
  addEventListener("scroll", hide, { passive: true });
}
