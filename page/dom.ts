/**
 * Elements of the page.
 *
 * @module
 */

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** What may stand in an element: text, other elements, or nothing. */
export type Child = Node | string | null;

/** Attributes by name; true for one without a value, false or null for none. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** Makes an element: `element("p", { class: "note" }, "text")`. Texts are never read as markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Makes an element of a drawing, as {@linkcode element} does. */
export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(made, attributes);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function setAttributes(to: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) continue;
    to.setAttribute(name, value === true ? "" : `${value}`);
  }
}

/** The element of an id, which the page's HTML holds. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`Cannot find #${id} in the page`);
  return found;
}

/** Shows an error in the place of a result, one sentence. */
export function showError(place: HTMLElement, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  place.replaceChildren(element("p", { class: "error", role: "alert" }, text));
}
