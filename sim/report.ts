/**
 * Simulations as tables, CSV and Arrow.
 *
 * @module
 */

import { csvCell } from "../core/csv.ts";
import { fixed, formatBytes, formatDuration } from "../core/format.ts";
import { formatTable, type Table } from "../core/table.ts";
import type { Explanation, Purchase } from "./explain.ts";
import { type Compared, errorsOf } from "./published/predict.ts";
import type { Share, SimulationResult } from "./simulate.ts";
import type { SimulationRanges } from "./ranges.ts";
import type { SweepOptions, SweepRow } from "./sweep.ts";
import type { Range } from "./uncertainty.ts";

/** A simulation with its ranges; null where nothing was drawn. */
export interface RangedResult extends SimulationResult {
  readonly ranges: SimulationRanges | null;
}

/**
 * Results as tables that fit 80 columns: two for each machine and number of GPUs, times and what an epoch costs. `speed-up` is
 * over the first system there.
 */
export function formatResults(results: readonly RangedResult[]): string {
  const groups = new Map<string, RangedResult[]>();
  for (const result of results) {
    const { machine, gpus, batch } = result;
    const title = `${machine}, ${gpus} GPU${gpus === 1 ? "" : "s"}, minibatch ${batch}`;
    groups.set(title, [...groups.get(title) ?? [], result]);
  }
  return [...groups].map(([title, group]) =>
    `${title}\n\n${formatTable(timeTable(group))}\n${formatTable(costTable(group))}`
  ).join("\n");
}

/**
 * One line a simulation of one machine and number of GPUs, times and costs in one table, for pages that are wide enough.
 * `speed-up` is over the first.
 */
export function resultTable(results: readonly RangedResult[]): Table {
  const times = timeTable(results), costs = costTable(results);
  return {
    columns: [...times.columns, ...costs.columns.slice(1)],
    rows: times.rows.map((row, i) => [...row, ...costs.rows[i]!.slice(1)]),
  };
}

/** One line a simulation: how long an epoch takes. */
function timeTable(results: readonly RangedResult[]): Table {
  const ranged = results.some(({ ranges }) => ranges !== null);
  const range = ranged ? [{ name: "range" }] : [];
  const first = results[0]!;
  return {
    columns: [
      { name: "system" },
      { name: "epoch" },
      ...range,
      { name: "speed-up", format: fixed(2) },
      ...range,
    ],
    rows: results.map(({ system, epoch_ms, ranges }) => [
      system,
      formatDuration(epoch_ms / 1000),
      ...ranged ? [ranges === null ? null : durations(ranges.epoch_ms)] : [],
      first.epoch_ms / epoch_ms,
      ...ranged ? [ranges === null ? null : ratios(ranges.speedup)] : [],
    ]),
  };
}

/** One line a simulation: steps, and what an epoch moves and costs. */
function costTable(results: readonly RangedResult[]): Table {
  const priced = results.some(({ cost }) => cost.dollars !== null);
  const powered = results.some(({ cost }) => cost.energy_kwh !== null);
  return {
    columns: [
      { name: "system" },
      { name: "steps", format: fixed(0) },
      { name: "ms a step", format: fixed(2) },
      { name: "link" },
      { name: "host memory" },
      ...priced ? [{ name: "$", format: fixed(3) }] : [],
      ...powered ? [{ name: "kWh", format: fixed(3) }] : [],
    ],
    rows: results.map(({ system, minibatches, epochs, epoch_ms, bytes, cost }) => [
      system,
      minibatches / epochs,
      epoch_ms * epochs / minibatches,
      formatBytes((bytes.upload + bytes.download) / epochs),
      formatBytes(bytes.host_memory / epochs),
      ...priced ? [cost.dollars] : [],
      ...powered ? [cost.energy_kwh] : [],
    ]),
  };
}

function durations({ low, high }: Range): string {
  return `${formatDuration(low / 1000)} to ${formatDuration(high / 1000)}`;
}

function ratios({ low, high }: Range): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

/** What is exposed and hidden, by stage and by resource, the bytes, and what to buy. */
export function formatExplanation({ result, purchases, ranges }: Explanation): string {
  const { epochs, bytes } = result;
  const seconds = ({ low, high }: Range) =>
    `${(low / 1000 / epochs).toFixed(2)} to ${(high / 1000 / epochs).toFixed(2)}`;
  const shares = (
    title: string,
    entries: Readonly<Record<string, Share>>,
    drawn: Readonly<Record<string, Range>> | null = null,
  ): string =>
    formatTable({
      columns: [
        { name: title },
        { name: "busy, s", format: fixed(2) },
        { name: "exposed, s", format: fixed(2) },
        ...drawn === null ? [] : [{ name: "range" }],
        { name: "hidden, s", format: fixed(2) },
        { name: "exposed, %", format: fixed(1) },
      ],
      rows: Object.entries(entries).map(([name, { busy_ms, exposed_ms, hidden_ms }]) => [
        name,
        busy_ms / 1000 / epochs,
        exposed_ms / 1000 / epochs,
        ...drawn === null ? [] : [drawn[name] === undefined ? null : seconds(drawn[name])],
        hidden_ms / 1000 / epochs,
        100 * exposed_ms / epochs / result.epoch_ms,
      ]),
    });
  const moved = Object.entries(bytes).map(([name, value]) =>
    `${name.replace("_", " ")} ${formatBytes(value / epochs)}`
  );
  const bought = formatTable({
    columns: [
      { name: "number of the machine" },
      { name: "now", format: String },
      { name: "then", format: String },
      { name: "time, %", format: fixed(2) },
      ...ranges === null ? [] : [{ name: "range" }],
    ],
    rows: purchases.slice(0, 10).map(({ path, now, tried, time, range }) => [
      path,
      now,
      tried,
      100 * time,
      ...ranges === null ? [] : [
        range === null
          ? null
          : `${(100 * range.low).toFixed(1)} to ${(100 * range.high).toFixed(1)}`,
      ],
    ]),
  });
  return [
    `${result.system} on ${result.machine}, ${result.gpus} GPU${result.gpus === 1 ? "" : "s"}: ${
      formatDuration(result.epoch_ms / 1000)
    } an epoch${ranges === null ? "" : ` (${durations(ranges.epoch_ms)})`}\n`,
    shares("stage", result.stages, ranges?.stages ?? null),
    shares("resource", byFamily(result.resources)),
    `Bytes an epoch: ${moved.join(", ")}\n`,
    adviceOf(purchases),
    "Epoch time with one number of the machine twice as good\n",
    bought,
  ].join("\n");
}

/** What of the machine is worth buying, software apart, which no shop has. */
function adviceOf(purchases: readonly Purchase[]): string {
  const best = (framework: boolean) =>
    purchases.find(({ path, time }) => path.startsWith("framework.") === framework && time < 1);
  const gain = ({ path, now, tried, time }: Purchase) =>
    `${path} ${tried} in place of ${now} takes ${(100 * (1 - time)).toFixed(1)} % off`;
  const hardware = best(false), software = best(true);
  return [
    `What to buy: ${hardware === undefined ? "nothing helps" : gain(hardware)}`,
    ...software === undefined ? [] : [`Of the host's overheads: ${gain(software)}`],
  ].join("\n") + "\n";
}

/** Resources of GPUs that are equally busy in one line: the first of them, and how many there are. */
function byFamily(resources: Readonly<Record<string, Share>>): Record<string, Share> {
  const families = new Map<string, [name: string, share: Share][]>();
  for (const [name, share] of Object.entries(resources)) {
    const family = name.split(":")[0]!;
    families.set(family, [...families.get(family) ?? [], [name, share]]);
  }
  return Object.fromEntries(
    [...families.values()].flatMap((members) => {
      const [[name, first]] = members as [[string, Share]];
      const alike = members.every(([, { busy_ms }]) =>
        Math.abs(busy_ms - first.busy_ms) <= 0.02 * first.busy_ms
      );
      if (members.length === 1 || !alike) return members;
      return [[`${name}, and ${members.length - 1} like it`, first]];
    }),
  );
}

function significant(value: number): string {
  return value.toFixed(value < 1000 ? 2 : 0);
}

/** Predicted, published, error. */
export function comparedTable(rows: readonly Compared[]): Table {
  return {
    columns: [
      { name: "set-up" },
      { name: "predicted", format: significant },
      { name: "published", format: significant },
      { name: "error, %", format: fixed(1) },
    ],
    rows: rows.map(({ what, predicted, published, error }) => [
      what,
      predicted,
      published,
      100 * error,
    ]),
  };
}

/** The two errors of a group in words. */
export function errorLine(rows: readonly Compared[]): string {
  const { mean, worst } = errorsOf(rows);
  return `Geometric mean error ${(100 * mean).toFixed(1)} %, worst ${(100 * worst).toFixed(1)} %`;
}

/** Results as CSV, with full precision. */
export async function resultsCsv(results: readonly RangedResult[]): Promise<string> {
  return await toCsv(
    results.map((
      { minibatch_ms, extras_ms, stages, resources, bytes, cost, ranges, ...plain },
    ) => ({
      ...plain,
      ...cost,
      ...(ranges === null
        ? {}
        : { ...prefixed("epoch_ms", ranges.epoch_ms), ...prefixed("speedup", ranges.speedup) }),
      ...prefixed("bytes", bytes),
      ...prefixed("minibatch_ms", minibatch_ms),
      extras_ms: Object.values(extras_ms).reduce((a, b) => a + b, 0),
      ...Object.fromEntries(
        Object.entries(stages).map((
          [stage, { exposed_ms }],
        ) => [`exposed_ms.${stage}`, exposed_ms]),
      ),
      ...Object.fromEntries(
        Object.entries(resources).map(([name, { busy_ms }]) => [`busy_ms.${name}`, busy_ms]),
      ),
    })),
  );
}

/**
 * Explanations as CSV, with full precision. A row is one `part` of one combination, and `name` says which:
 * a `stage` or a `resource` (milliseconds of all epochs), `bytes` moved somewhere (of all epochs), or a `purchase`: a number
 * of the machine as it is, as it was tried, and the time left then, as a share of the time now. Cells that a part does not
 * have are empty.
 */
export async function explanationsCsv(
  explanations: readonly (Explanation & { readonly trace: string })[],
): Promise<string> {
  return await toCsv(explanations.flatMap(({ trace, result, purchases }) => {
    const { system, machine, gpus, batch, epochs, epoch_ms } = result;
    const row = (part: string, name: string, values: object) => ({
      ...{ trace, system, machine, gpus, batch, epochs, epoch_ms, part, name },
      ...values,
    });
    return [
      ...Object.entries(result.stages).map(([name, share]) => row("stage", name, share)),
      ...Object.entries(result.resources).map(([name, share]) => row("resource", name, share)),
      ...Object.entries(result.bytes).map(([name, bytes]) => row("bytes", name, { bytes })),
      ...purchases.map(({ path, now, tried, time, range }) =>
        row("purchase", path, { now, tried, time, time_low: range?.low, time_high: range?.high })
      ),
    ];
  }));
}

/** Rows of a sweep with a column an axis. */
export function sweepRecords(
  { axes }: SweepOptions,
  rows: readonly SweepRow[],
): Record<string, string | number | null>[] {
  return rows.map(({ values, ...plain }) => ({
    ...plain,
    ...Object.fromEntries(axes.map(({ name }, a) => [name, values[a]!])),
  }));
}

/** Records as CSV; a column that some lack is empty there. */
export async function toCsv(records: readonly object[]): Promise<string> {
  const safe = records.map((record) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, csvCell(value)]))
  );
  return (await columnar(safe)).toCSV();
}

/** Records as an Arrow IPC file. */
export async function toArrow(records: readonly object[]): Promise<Uint8Array> {
  const bytes = (await columnar(records)).toArrowIPC({ format: "file" });
  if (bytes === null) throw new Error("Cannot encode the records as Arrow");
  return bytes;
}

async function columnar(records: readonly object[]) {
  // Arquero is heavy and needed here alone.
  const { table } = await import("../core/npm/arquero.ts");
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return table(names.map((name): [string, unknown[]] => [
    name,
    records.map((record) => (record as Record<string, unknown>)[name] ?? null),
  ]));
}

function prefixed(prefix: string, values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]),
  );
}
