/** JSON documents, changed as bytes and as values; half of those changed as values carry a seal that fits. */

import assert from "node:assert/strict";
import { formatSealed, parseSealed } from "../../core/json_file.ts";
import { RESULT_SCHEMA } from "../../bench/document_schema.ts";
import { findWrong } from "../../core/schema.ts";
import { reportPage } from "../../bench/report_page/page.ts";
import { checkParameters } from "../../data/twin/parameters.ts";
import { loadTwin, openTwin } from "../../data/twin/open.ts";
import { parseCountedTrace } from "../../sim/counted_file.ts";
import { checkMachine, loadMachine, machineOf } from "../../sim/machine.ts";
import { simulate } from "../../sim/simulate.ts";
import { SYSTEM_NAMES } from "../../sim/systems/mod.ts";
import { condense, type CountedTrace, countTraceRuns } from "../../sim/work.ts";
import { madeUpDocuments } from "../bench/made_up_results.ts";
import { record, traceOf } from "../sim/toy.ts";
import { type Draw, mutateBytes, mutateJson } from "./draw.ts";
import { type Subject, verdictOf } from "./subject.ts";
import { checkSchema } from "../../core/schema.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** An input made of a good document. */
function changed(document: object, draw: Draw): Uint8Array {
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

/** Every system takes the trace on the machine to a time, or says why not. */
function simulateAll(trace: CountedTrace, machine: typeof NOW): void {
  for (const system of SYSTEM_NAMES.filter((name) => name !== "runtime")) {
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

const TWIN = await loadTwin("rm3");

const twins: Subject = {
  name: "twin",
  make: (draw) => changed(TWIN, draw),
  check: (input) =>
    verdictOf(async () => {
      const value = parseSealed(input, { cannot: "Cannot read twin x", seal: "optional" });
      const twin = checkParameters(value, "x");
      const dataset = await openTwin({ twin, inputs: 7 });
      dataset.close();
    }),
};

/** Documents by what reads them. */
export const DOCUMENTS: readonly Subject[] = [machines, countedTraces, results, twins];
