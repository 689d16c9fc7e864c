/**
 * A profile as text for a terminal.
 *
 * @module
 */

import { sum } from "../core/sum.ts";
import { formatCount } from "../core/format.ts";
import { formatTable } from "../core/table.ts";
import type { Estimate, Profile } from "./profile.ts";

/**
 * Tables under headings, ending with a newline.
 *
 * @category Data: profiles
 */
export function formatProfile(profile: Profile): string {
  const { format, split, inputs, counted, seed, tables, lookupsPerInput, dim } = profile;
  const of = split === "all" ? "inputs" : `inputs of the ${split} split`;
  const sampled = seed === null
    ? "all of them counted"
    : `a sample of ${formatCount(counted)} counted (seed ${seed}; ± one standard error)`;
  const rows = sum(tables.map((table) => table.rows));
  const distinct = sum(tables.map((table) => table.distinct));
  const parts = [
    `${format}: ${formatCount(inputs)} ${of}, ${sampled}\n` +
    `${profile.labelled === false ? "no labels" : `label rate ${share(profile.labelRate, 4)}`}; ${
      Number(lookupsPerInput.toFixed(2))
    } lookups an input; ` +
    `${formatCount(distinct)} of ${formatCount(rows)} rows looked up\n`,
    formatTable({
      columns: [
        { name: "table" },
        ...["rows", "looked up", "once", "top 1 %", "top 10 %"].map((name) => ({
          name,
          align: "right" as const,
        })),
      ],
      rows: tables.map((table) => [
        table.name,
        formatCount(table.rows),
        formatCount(table.distinct),
        table.once.toFixed(3),
        share(table.top1, 3),
        share(table.top10, 3),
      ]),
    }),
    `Distinct rows after so many inputs\n` + formatTable({
      columns: ["inputs", "rows", "new rows an input"].map((name) => ({
        name,
        align: "right" as const,
      })),
      rows: profile.growth.map((point, i) => {
        const before = profile.growth[i - 1];
        const fresh = sum(point.distinct) - sum(before?.distinct ?? []);
        return [
          formatCount(point.inputs),
          formatCount(sum(point.distinct)),
          (fresh / (point.inputs - (before?.inputs ?? 0))).toFixed(3),
        ];
      }),
    }),
    `Rows by the number of their uses\n` + formatTable({
      columns: ["uses", "rows", "share of rows", "share of lookups"].map((name) => ({
        name,
        align: "right" as const,
      })),
      rows: profile.reuse.map((bin) => [
        bin.upTo <= 2 ? String(bin.upTo) : `${formatCount(bin.above + 1)}-${formatCount(bin.upTo)}`,
        formatCount(bin.rows),
        (bin.rows / distinct).toFixed(4),
        (bin.lookups / (counted * lookupsPerInput)).toFixed(4),
      ]),
    }),
  ];
  if (profile.hot.length > 0) {
    parts.push(
      `The most used rows in memory, ${4 * dim} bytes each\n` + formatTable({
        columns: ["MiB", "rows", "hot lookups", "hot inputs"].map((name) => ({
          name,
          align: "right" as const,
        })),
        rows: profile.hot.map((hot) => [
          String(hot.budgetMib),
          formatCount(hot.rows),
          share(hot.lookups, 4),
          share(hot.inputs, 4),
        ]),
      }),
    );
    if (profile.hot.every((hot) => hot.rows === distinct)) {
      const mib = 4 * dim * distinct / 2 ** 20;
      parts.push(
        `Every budget holds all rows looked up, which take ${mib.toPrecision(3)} MiB; ` +
          "smaller ones would tell more (--budgets)\n",
      );
    }
  }
  return parts.join("\n");
}

function share({ value, error }: Estimate, digits: number): string {
  return error === null
    ? value.toFixed(digits)
    : `${value.toFixed(digits)} ± ${error.toFixed(digits)}`;
}
