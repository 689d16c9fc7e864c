/**
 * Badges that say where numbers are from.
 *
 * @module
 */

import type { Origin } from "../../figures/figure.ts";
import { type Markup, markup } from "../../figures/markup.ts";
import { ORIGIN_NAMES } from "../../figures/theme.ts";

/** A badge. */
export function badge(origin: Origin): Markup {
  return markup`<span class="badge ${origin}">${ORIGIN_NAMES[origin]}</span>`;
}

/** Badges of all origins that occur, each once. */
export function badges(origins: readonly Origin[]): Markup[] {
  return [...new Set(origins)].map((origin) => markup` ${badge(origin)}`);
}
