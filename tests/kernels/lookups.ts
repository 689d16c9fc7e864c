/** Grouped lookups of plain id lists, one lookup a bag. */

import { LookupGrouper } from "../../kernels/embedding/group.ts";
import type { GroupedLookups } from "../../kernels/types.ts";

/** `ids` is table-major: the ids of all inputs in table 0, then in table 1, … */
export function groupLookups(
  tableRows: readonly number[],
  bags: number,
  ids: readonly number[],
): GroupedLookups {
  return new LookupGrouper(tableRows).group({ bags, ids: Uint32Array.from(ids), offsets: null });
}
