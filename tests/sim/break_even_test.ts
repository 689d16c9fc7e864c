import assert from "node:assert/strict";
import { breakEven } from "../../sim/break_even.ts";
import { loadMachine, machineOf, withRates } from "../../sim/machine.ts";
import { START_PARAMETERS } from "../../sim/parameters.ts";
import { rowsFit, simulate } from "../../sim/simulate.ts";
import { findSystem } from "../../sim/systems/mod.ts";
import { countTraceRuns } from "../../sim/work.ts";
import { record, traceOf } from "./toy.ts";

const DOCUMENT = await loadMachine("v100x4");
const TRACE = countTraceRuns(
  traceOf([...Array(20).fill(record("cold")), ...Array(80).fill(record("hot"))]),
);
const SET = { parameters: START_PARAMETERS, calibrated: null };
const OPTIONS = { trace: TRACE, document: DOCUMENT, set: SET, gpus: 1, draws: 0 };

Deno.test("a cell has the times that single simulations have, and the least of them", () => {
  const systems = ["pytorch-hybrid", "fae", "gpu-only"];
  const done: number[] = [];
  const cells = breakEven({
    ...OPTIONS,
    systems,
    axes: [
      { name: "hot_share", values: [0.5, 0.9] },
      { name: "link.latency_us", values: [1, 100, 1000] },
    ],
    onCell: (n) => done.push(n),
  });
  assert.deepEqual(done, [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(cells.map(({ values }) => values[1]), [1, 100, 1000, 1, 100, 1000]);
  const { values, epoch_ms, fastest } = cells[2]!;
  assert.deepEqual(values, [0.5, 1000]);
  const [least] = systems.toSorted((a, b) => epoch_ms[a]! - epoch_ms[b]!);
  assert.equal(fastest, least);
  const machine = withRates(machineOf(DOCUMENT), { "link.latency_us": 1000 });
  const alone = simulate({ trace: TRACE, machine, system: "pytorch-hybrid", gpus: 1 });
  assert.equal(epoch_ms["pytorch-hybrid"], alone.epoch_ms);
});

Deno.test("the cheaper the CPU's lookups, the more the host wins; draws say how surely", () => {
  const at = (draws: number) =>
    breakEven({
      ...OPTIONS,
      draws,
      systems: ["pytorch-hybrid", "gpu-only"],
      axes: [{ name: "framework.cpu_op_us", values: [0, 20, 2000] }],
    });
  const cells = at(30);
  assert.equal(cells.at(-1)!.fastest, "gpu-only");
  assert.equal(cells.at(-1)!.share, 1);
  for (const { share } of cells) assert.ok(share > 0.5 - 1e-9 && share <= 1);
  assert.deepEqual(cells.map(({ epoch_ms }) => epoch_ms), at(0).map(({ epoch_ms }) => epoch_ms));
});

Deno.test("a machine as it is has one cell; systems whose rows do not fit are told beforehand", () => {
  const cells = breakEven({ ...OPTIONS, systems: ["fae", "gpu-only"], axes: [] });
  assert.equal(cells.length, 1);
  assert.deepEqual(cells[0]!.values, []);
  const model = { ...TRACE.header.model, parameters: { dense: 16, embedding: 10e9 } };
  const large = { header: { ...TRACE.header, model } };
  assert.ok(!rowsFit(findSystem("gpu-only"), large, DOCUMENT, 2));
  assert.ok(rowsFit(findSystem("gpu-only"), large, DOCUMENT, 3));
  assert.ok(rowsFit(findSystem("fae"), large, DOCUMENT, 1));
});
