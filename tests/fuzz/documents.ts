/** JSON documents, changed as bytes and as values; half of those changed as values carry a seal that fits. */

import assert from "node:assert/strict";
import { formatSealed, parseSealed } from "../../core/json_file.ts";
import { RESULT_SCHEMA } from "../../bench/document_schema.ts";
import { findWrong } from "../../core/schema.ts";
import { reportPage } from "../../bench/report_page/page.ts";
import { checkHistoryParameters } from "../../data/twin/histories.ts";
import { checkParameters } from "../../data/twin/parameters.ts";
import { isHistories, loadAnyTwin, openTwin } from "../../data/twin/open.ts";
import { checkLogSchema } from "../../data/schema/read_schema.ts";
import { RowShape } from "../../data/schema/row_shape.ts";
import { SchemaParser } from "../../data/schema/schema_parser.ts";
import { parseCountedTrace } from "../../sim/counted_file.ts";
import { checkMachine, loadMachine, machineOf } from "../../sim/machine.ts";
import { parseRecordedRun } from "../../sim/recorded_run.ts";
import { simulate } from "../../sim/simulate.ts";
import { withSkipsOf } from "../../sim/skips.ts";
import { SYSTEMS } from "../../sim/systems/mod.ts";
import { condense, type CountedTrace, countTraceRuns } from "../../sim/work.ts";
import { madeUpDocuments } from "../bench/made_up_results.ts";
import { record, recordedRun, traceOf } from "../sim/toy.ts";
import { type Draw, mutateBytes, mutateJson } from "./draw.ts";
import { type Subject, verdictOf } from "./subject.ts";
import { checkSchema } from "../../core/schema.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** An input made of a good document. */
export function changed(document: object, draw: Draw): Uint8Array {
  const good = formatSealed(document, draw.of([0, 2]));
  if (draw.chance(0.4)) return mutateBytes(encode(good), draw);
  const value = mutateJson(document, draw);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return encode(isObject && draw.chance(0.5) ? formatSealed(value) : JSON.stringify(value) ?? "");
}

const MACHINE = await loadMachine("v100x4");
const TRACE: CountedTrace = condense(countTraceRuns(traceOf([
  ...[record("cold"), record("cold"), record("warm-up"), record("window")],
  ...[record("hot", { skipped_inputs: 40 }), record("hot")],
])));
const NOW = machineOf(MACHINE);

/** Every system of a plain trace and machine takes the trace on the machine to a time, or says why not. */
function simulateAll(trace: CountedTrace, machine: typeof NOW): void {
  for (const { name: system } of SYSTEMS) {
    const { epoch_ms, bytes } = simulate({ trace, machine, system, gpus: 2 });
    assert.ok(Number.isFinite(epoch_ms) && epoch_ms >= 0, `${system}: ${epoch_ms} ms`);
    for (const [name, moved] of Object.entries(bytes)) {
      assert.ok(Number.isFinite(moved) && moved >= 0, `${system}: ${name} ${moved} bytes`);
    }
  }
}

const machines: Subject = {
  name: "machine",
  make: (draw) => changed(MACHINE, draw),
  check: (input) =>
    verdictOf(() => {
      const value = parseSealed(input, { cannot: "Cannot use machine m", seal: "optional" });
      simulateAll(TRACE, machineOf(checkMachine(value, "m")));
    }),
};

const countedTraces: Subject = {
  name: "counted-trace",
  make: (draw) =>
    changed({ schema: "slipstream.counted-trace", schema_version: 1, ...TRACE }, draw),
  check: (input) =>
    verdictOf(() => {
      const value = parseSealed(input, { cannot: "Cannot read t", seal: "optional" });
      simulateAll(parseCountedTrace(value, "t"), NOW);
    }),
};

const recordedRuns: Subject = {
  name: "recorded-run",
  make: (draw) => changed(recordedRun(2000, "slipstream", 0.4), draw),
  check: (input) =>
    verdictOf(() => {
      const value = parseSealed(input, { cannot: "Cannot read t", seal: "optional" });
      const trace = parseRecordedRun(value, "t");
      simulateAll(trace, NOW);
      if (trace.runs.every(({ record: { kind } }) => kind !== "all" && kind !== "cold")) {
        simulateAll(withSkipsOf(TRACE, trace), NOW);
      }
    }),
};

const [, DOCUMENT] = madeUpDocuments();

const results: Subject = {
  name: "result",
  make: (draw) => changed(DOCUMENT!, draw),
  check: (input) =>
    verdictOf(async () => {
      const cannot = "Cannot read r";
      const value = parseSealed(input, { cannot, seal: "required" });
      const document = checkSchema(RESULT_SCHEMA, value, cannot);
      assert.equal(findWrong(RESULT_SCHEMA, document), null);
      const page = await reportPage({ documents: [document], refused: [] });
      assert.ok(page.endsWith("</html>\n"));
    }),
};

/** The two smallest, of sequences and of bags. */
const TWINS = [await loadAnyTwin("rm1"), await loadAnyTwin("meta2021")];

const twins: Subject = {
  name: "twin",
  make: (draw) => changed(draw.of(TWINS), draw),
  check: (input) =>
    verdictOf(async () => {
      const value = parseSealed(input, { cannot: "Cannot read twin x", seal: "optional" });
      const twin = isHistories(value)
        ? checkHistoryParameters(value, "x")
        : checkParameters(value, "x");
      const dataset = await openTwin({ twin, inputs: 7 });
      dataset.close();
    }),
};

/** Every kind of column, split and rule of rows that a schema may name. */
const LOG_SCHEMA = {
  schema_version: 1,
  name: "own",
  text: { separator: ",", header: true, quotes: true, trailing: "stripped" },
  missing: ["NULL"],
  split: { by: "user", column: "user", test: 0.1, validation: 0.1 },
  columns: [
    { name: "click", kind: "label", above: 0.5 },
    { name: "price", kind: "dense", transform: "log", missing: -1 },
    { name: "user", kind: "categorical", ids: "decimal", rows: { hash: 50 } },
    { name: "item", header: "Item", kind: "categorical", ids: "text", min_count: 2 },
    { name: "age", kind: "categorical", ids: "buckets", bounds: [1, 18, 65.5] },
    { name: "tags", kind: "categorical list", ids: "hexadecimal", separator: "|", most: 4 },
    { name: "when", kind: "time", format: "ISO 8601", dense: "hour of day" },
    { name: "note", kind: "ignored" },
  ],
};

const schemas: Subject = {
  name: "schema",
  make: (draw) => changed(LOG_SCHEMA, draw),
  check: (input) =>
    verdictOf(() => {
      const cannot = "Cannot read the schema s";
      const value = parseSealed(input, { cannot, seal: "optional" });
      const schema = checkLogSchema(value, "s");
      // What is taken says all that the document says, and makes a parser.
      assert.deepEqual(schema, value);
      new SchemaParser(schema, new RowShape(schema, 0), () => {}, "text");
    }),
};

/** Documents by what reads them. */
export const DOCUMENTS: readonly Subject[] = [
  machines,
  countedTraces,
  recordedRuns,
  results,
  twins,
  schemas,
];
