/**
 * Columns that experiments' tables share.
 *
 * @module
 */

import type { Origin, ResultColumn } from "./experiment.ts";
import { fixed, formatCount } from "../core/format.ts";

/** Texts from the left. */
export function textColumn(name: string): ResultColumn {
  return { name };
}

/** Texts that are numbers with an interval or a unit, from the right. */
export function figureColumn(name: string, origin?: Origin): ResultColumn {
  return { name, align: "right", ...(origin === undefined ? {} : { origin }) };
}

/** Numbers with so many digits behind the point. */
export function numberColumn(name: string, digits: number, origin?: Origin): ResultColumn {
  return {
    name,
    format: fixed(digits),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** Counts. */
export function countColumn(name: string): ResultColumn {
  return { name, format: formatCount };
}
