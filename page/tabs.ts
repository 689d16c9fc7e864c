/**
 * The tabs of the page: one panel is shown at a time, and filled when it is first shown.
 *
 * Keys as in https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
 *
 * @module
 */

import { byId } from "./dom.ts";

/** A tab: the id of its panel, and what fills it. */
export interface Tab {
  readonly id: string;
  /** Called once, when the panel is first shown. */
  readonly mount: (panel: HTMLElement) => void;
}

/** Connects the tabs of the page's HTML with what fills them; the address behind `#` says which is shown. */
export function connectTabs(tabs: readonly Tab[]): void {
  let current = tabs[0]!;
  const mounted = new Set<string>();
  const buttons = tabs.map(({ id }) => byId(`tab-${id}`));
  const show = (wanted: string): void => {
    // A link within a panel leads to a place of it.
    const place = wanted === "" ? null : document.getElementById(wanted);
    const shown = tabs.find(({ id }) => byId(id).contains(place)) ?? current;
    current = shown;
    for (const [i, { id }] of tabs.entries()) {
      const selected = id === shown.id;
      buttons[i]!.setAttribute("aria-selected", `${selected}`);
      buttons[i]!.tabIndex = selected ? 0 : -1;
      byId(id).hidden = !selected;
    }
    if (mounted.has(shown.id)) return;
    mounted.add(shown.id);
    shown.mount(byId(shown.id));
  };
  const select = (id: string): void => {
    history.replaceState(null, "", `#${id}`);
    show(id);
  };
  for (const [i, button] of buttons.entries()) {
    button.addEventListener("click", () => select(tabs[i]!.id));
    button.addEventListener("keydown", (event) => {
      const next = nextTab(event.key, i, tabs.length);
      if (next === null) return;
      event.preventDefault();
      select(tabs[next]!.id);
      buttons[next]!.focus();
    });
  }
  addEventListener("hashchange", () => show(location.hash.slice(1)));
  show(location.hash.slice(1));
}

/** Where a key leads from a tab, round both ends; null where nowhere. */
function nextTab(key: string, from: number, count: number): number | null {
  if (key === "ArrowRight") return (from + 1) % count;
  if (key === "ArrowLeft") return (from + count - 1) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}
