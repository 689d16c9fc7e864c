// Runs in the page, as an expression: what of it can be seen. deno-lint-ignore-file
(() => {
  const root = document.documentElement;
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const channels = (color) => {
    const match = color.match(/^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/);
    return match === null ? null : match.slice(1).map((n) => n === undefined ? 1 : Number(n));
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((n) =>
      n / 255 <= 0.03928 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4
    );
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found !== null && found[3] === 1) return found;
    }
    return [255, 255, 255, 1];
  };
  const ownText = (element) =>
    [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("")
      .trim();

  let leastContrast = { ratio: 21, text: "" };
  for (const element of document.body.querySelectorAll("*")) {
    const text = ownText(element);
    if (text === "" || !isShown(element) || element.closest("title, desc, style")) continue;
    const isSvg = element.closest("svg") !== null;
    const style = getComputedStyle(element);
    const ink = channels(isSvg ? style.fill : style.color);
    if (ink === null) throw new Error(`Cannot read the colour of ${text}`);
    const ratio = contrast(ink, behind(element));
    if (ratio < leastContrast.ratio) leastContrast = { ratio, text };
  }

  // Text in figures: inside its figure's edges, and not on other text. What is turned has no upright box.
  const textProblems = [];
  for (const svg of document.querySelectorAll("figure svg")) {
    if (!isShown(svg)) continue;
    const edge = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll("text")].filter((text) => text.textContent !== "").map(
      (text) => {
        const box = text.getBoundingClientRect(),
          turned = /rotate/.test(text.getAttribute("transform") ?? "");
        return { text: text.textContent, box, turned };
      },
    );
    for (const [i, { text, box, turned }] of boxes.entries()) {
      if (
        box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 ||
        box.bottom > edge.bottom + 1
      ) textProblems.push(`${svg.id}: "${text}" leaves its figure`);
      for (const other of turned ? [] : boxes.slice(i + 1).filter((one) => !one.turned)) {
        const width = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const height = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (width > 1 && height > 5) {
          textProblems.push(`${svg.id}: "${text}" is on "${other.text}"`);
        }
      }
    }
  }

  const figures = [...document.querySelectorAll("figure")].map((figure) => ({
    id: figure.id,
    closed: !isShown(figure),
    svgs: [...figure.querySelectorAll("svg")].map((svg) => {
      const { width, height } = svg.getBoundingClientRect();
      const marks = [...svg.querySelectorAll(".data > *, .data-line > *")].filter((mark) => {
        const box = mark.getBoundingClientRect(), { fill, stroke } = getComputedStyle(mark);
        return (box.width > 0 || box.height > 0) && (fill !== "none" || stroke !== "none");
      });
      return { id: svg.id, width, height, marks: marks.length };
    }),
  }));

  return {
    scrollWidth: root.scrollWidth,
    scrollHeight: root.scrollHeight,
    clientWidth: root.clientWidth,
    background: getComputedStyle(root).backgroundColor,
    ink: getComputedStyle(document.body).color,
    leastContrast,
    textProblems,
    cellsOutside: [...document.querySelectorAll("table.result tbody th, table.result tbody td")]
      .filter((cell) => isShown(cell) && cell.getBoundingClientRect().right > root.clientWidth)
      .map((cell) => cell.textContent),
    figures,
    longTables: [...document.querySelectorAll("details.long")].map((table) => ({
      summary: isShown(table.querySelector("summary")),
      rows: [...table.querySelectorAll("tbody tr")].filter(isShown).length,
    })),
    navigation: [...document.querySelectorAll("nav")].some(isShown),
  };
})();
