/**
 * Answers of the simulator as tables and bars.
 *
 * @module
 */

import { formatBytes, formatDuration } from "../../core/format.ts";
import type { Table } from "../../core/table.ts";
import { type RangedResult, resultTable } from "../../sim/report.ts";
import type { MovedBytes } from "../../sim/simulate.ts";
import { element } from "../dom.ts";
import { scrolling, tableElement } from "../table.ts";
import type { Answer, AnsweredMap } from "./question.ts";

/** The times and what they cost, which `deno task simulate` prints as two tables. */
export function timesTable({ results }: Answer): HTMLElement {
  return tableElement(
    resultTable(results),
    "Times of an epoch (5:08 is five minutes and eight seconds)",
  );
}

/** Systems that skip, and what each does beside it on all inputs. */
const PAIRS: readonly (readonly [skipping: string, over: string])[] = [
  ["slipstream", "fae"],
  ["slipstream-gpu-only", "gpu-only"],
];

/** What there is to see, in a sentence: what skipping saves where it can be told, or else the fastest system. */
export function headline({ results }: Answer): string {
  const time = ({ epoch_ms, ranges }: RangedResult): string => {
    const range = ranges === null
      ? ""
      : ` (${formatDuration(ranges.epoch_ms.low / 1000)} to ${
        formatDuration(ranges.epoch_ms.high / 1000)
      })`;
    return `${formatDuration(epoch_ms / 1000)}${range}`;
  };
  const find = (name: string) => results.find(({ system }) => system === name);
  for (const [skippingName, overName] of PAIRS) {
    const skipping = find(skippingName), over = find(overName);
    if (skipping === undefined || over === undefined) continue;
    const { inputs, skipped_inputs, epoch_ms } = skipping;
    const skipped = percent(skipped_inputs / (inputs + skipped_inputs));
    const saved = 1 - epoch_ms / over.epoch_ms;
    return `Skipping ${skipped} of all inputs ${saved < 0 ? "costs" : "saves"} ${
      percent(Math.abs(saved))
    } of an epoch's time: ${skippingName} takes ${time(skipping)}, ${overName} ${time(over)}.`;
  }
  const fastest = results.reduce((a, b) => a.epoch_ms <= b.epoch_ms ? a : b);
  return `The fastest is ${fastest.system}: an epoch takes ${time(fastest)}.`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The times as bars with their ranges; the table above has the numbers. */
export function timeBars({ results }: Answer): HTMLElement {
  const most = Math.max(
    ...results.map(({ epoch_ms, ranges }) => ranges?.epoch_ms.high ?? epoch_ms),
  );
  const place = (ms: number): string => `${(100 * ms / most).toFixed(2)}%`;
  return element(
    "div",
    { class: "bars", "aria-hidden": "true" },
    ...results.flatMap(({ system, epoch_ms, ranges }) => {
      const { low, high } = ranges?.epoch_ms ?? { low: epoch_ms, high: epoch_ms };
      const bar = element("span", { class: "bar", style: `width:${place(epoch_ms)}` });
      const width = place(high - low);
      const range = element("span", {
        class: "range",
        style: `left:${place(low)};width:${width}`,
      });
      return [
        element("span", { class: "bar-name" }, system),
        element("span", { class: "track" }, bar, range),
        element("span", { class: "bar-value" }, formatDuration(epoch_ms / 1000)),
      ];
    }),
  );
}

/** Ways that bytes take, as people call them. */
const WAYS: Readonly<Record<keyof MovedBytes, string>> = {
  upload: "link, to the GPUs",
  download: "link, from the GPUs",
  peer: "GPU to GPU",
  network: "network",
  host_memory: "host memory",
  gpu_memory: "GPU memory",
};

/** Bytes an epoch by system, and what of them is left beside the first system. */
export function trafficTable({ results }: Answer): HTMLElement {
  const ways = (Object.keys(WAYS) as (keyof MovedBytes)[]).filter((way) =>
    results.some(({ bytes }) => bytes[way] > 0)
  );
  const link = ({ bytes, epochs }: RangedResult): number =>
    (bytes.upload + bytes.download) / epochs;
  const before = link(results[0]!);
  const table: Table = {
    columns: [
      { name: "system" },
      ...ways.map((way) => ({ name: WAYS[way], align: "right" as const })),
      { name: `link beside ${results[0]!.system}`, align: "right" },
    ],
    rows: results.map((result) => [
      result.system,
      ...ways.map((way) => formatBytes(result.bytes[way] / result.epochs)),
      before === 0 ? null : percent(link(result) / before),
    ]),
  };
  return tableElement(table, "Bytes of an epoch");
}

/** What a number of the map is called, with its unit. */
export const AXIS_LABELS: Readonly<Record<string, string>> = {
  drop: "share of the hot inputs that is skipped",
  hot_share: "share of inputs that are hot",
  pytorch_lookup_ns: "a lookup on the CPU, ns",
  "link.generation": "generation of PCI Express",
};

/** The map: the fastest system of each cell, and in how many of the draws it is. */
export function mapTable({ axes, cells, systems }: AnsweredMap): HTMLElement {
  const [down, across] = axes;
  const label = (name: string): string => AXIS_LABELS[name] ?? name;
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, label(down.name)),
    ...across.values.map((value) => element("th", { scope: "col" }, `${value}`)),
  );
  const body = down.values.map((value, row) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, `${value}`),
      ...across.values.map((_, column) => {
        const { fastest, share } = cells[row * across.values.length + column]!;
        const kind = `cell system-${systems.indexOf(fastest) + 1}`;
        return element("td", { class: kind }, `${fastest} ${(100 * share).toFixed(0)} %`);
      }),
    )
  );
  return scrolling(
    "Map of the fastest system",
    element(
      "table",
      { class: "map" },
      element("caption", {}, `Fastest system; across: ${label(across.name)}`),
      element("thead", {}, head),
      element("tbody", {}, ...body),
    ),
  );
}
