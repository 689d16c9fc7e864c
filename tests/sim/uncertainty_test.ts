import assert from "node:assert/strict";
import { loadMachine, MACHINE_PATHS, machineOf, numberAt } from "../../sim/machine.ts";
import { drawSet } from "../../sim/parameter_sets.ts";
import { PARAMETER_NAMES, PARAMETERS, START_PARAMETERS } from "../../sim/parameters.ts";
import { countedDrop, drawSetting, rangesOf } from "../../sim/ranges.ts";
import { simulate } from "../../sim/simulate.ts";
import { drawMachine, drawnValue, drawParameters, rangeOf } from "../../sim/uncertainty.ts";
import { record, traceOf } from "./toy.ts";

const DOCUMENT = await loadMachine("v100x4");
const V100 = machineOf(DOCUMENT);
const TRACE = traceOf([record("cold"), record("hot", { skipped_inputs: 40 }), record("hot")]);
const START = { parameters: START_PARAMETERS, calibrated: null };

Deno.test("a draw keeps every number within its range and leaves the others", () => {
  for (const draw of [0, 1, 2, 77]) {
    const machine = drawMachine(DOCUMENT, draw);
    for (const path of MACHINE_PATHS) {
      const quantity = numberAt(DOCUMENT, path);
      if (quantity === undefined) continue;
      const { value, low = value, high = value } = quantity;
      const found = numberAt(machine, path)!;
      assert.ok(low <= found && found <= high, `${path} ${found}`);
    }
    const parameters = drawParameters(START_PARAMETERS, draw);
    for (const name of PARAMETER_NAMES) {
      const { low, high, status, value } = PARAMETERS[name];
      if (status === "fixed") assert.equal(parameters[name], value);
      else assert.ok(low <= parameters[name] && parameters[name] <= high, name);
    }
  }
});

Deno.test("a draw is a function of its number and the quantity's name alone", async () => {
  const other = await loadMachine("h100x8");
  const host = "framework.step_us";
  // Both machines take this number and its range from the same source.
  assert.equal(numberAt(drawMachine(DOCUMENT, 3), host), numberAt(drawMachine(other, 3), host));
  assert.notEqual(
    numberAt(drawMachine(DOCUMENT, 3), host),
    numberAt(drawMachine(DOCUMENT, 4), host),
  );
  const bounds = { low: 1, high: 100 };
  const values = Array.from({ length: 400 }, (_, draw) => drawnValue("some number", bounds, draw));
  // Over two decades evenly in the logarithm: half of the draws are below 10.
  const below = values.filter((value) => value < 10).length;
  assert.ok(below > 160 && below < 240, `${below}`);
});

Deno.test("what is held does not move, and calibrated scalars are those of the draw", () => {
  const held = new Set(["link.latency_us", "xdl_copies"]);
  assert.equal(drawMachine(DOCUMENT, 5, held).link.latency_us, V100.link.latency_us);
  const calibrated = { names: ["xdl_scale"] as const, draws: [[0.3], [0.7]] };
  const set = { parameters: START_PARAMETERS, calibrated };
  assert.equal(drawSet(set, 1).xdl_scale, 0.7);
  assert.equal(drawSet(set, 2).xdl_scale, 0.3);
  assert.equal(drawSet(set, 1, held).xdl_copies, START_PARAMETERS.xdl_copies);
  assert.equal(drawSet(set, 1, new Set(["xdl_scale"])).xdl_scale, START_PARAMETERS.xdl_scale);
  assert.equal(drawSet(set, 1).pytorch_lookup_ns, START_PARAMETERS.pytorch_lookup_ns);
});

Deno.test("ranges hold what single draws give, and ratios are taken within a draw", () => {
  const drawing = { document: DOCUMENT, set: START, drop: false };
  const options = ["pytorch-hybrid", "fae"].map((system) => ({
    ...{ trace: TRACE, machine: V100, system, gpus: 2, batchPerGpu: 50 },
  }));
  const draws = 20;
  const [hybrid, fae] = rangesOf(options, drawing, draws);
  const at = (which: 0 | 1, draw: number) =>
    simulate({ ...options[which]!, ...drawSetting(drawing, undefined, draw) }).epoch_ms;
  const numbers = Array.from({ length: draws }, (_, draw) => draw);
  assert.deepEqual(fae!.epoch_ms, rangeOf(numbers.map((draw) => at(1, draw))));
  assert.deepEqual(fae!.speedup, rangeOf(numbers.map((draw) => at(0, draw) / at(1, draw))));
  assert.deepEqual(hybrid!.speedup, { low: 1, median: 1, high: 1 });
  // What both share cancels: the ratio's range is narrower than that of the times.
  const width = ({ low, high }: { low: number; high: number }) => high / low;
  assert.ok(width(fae!.speedup) < width(hybrid!.epoch_ms) * width(fae!.epoch_ms));
});

Deno.test("the share dropped is drawn around what a counted trace was made with, and not of a run", () => {
  const counted = {
    header: {
      ...TRACE.header,
      plan: { ...TRACE.header.plan, options: { drop_share: 0.3 } },
    } as unknown as typeof TRACE.header,
  };
  assert.equal(countedDrop(counted), 0.3);
  assert.equal(countedDrop({ header: { ...counted.header, origin: "run" } }), undefined);
  const drawing = { document: DOCUMENT, set: START, drop: true };
  const drops = Array.from({ length: 50 }, (_, draw) => drawSetting(drawing, 0.3, draw).drop!);
  assert.ok(drops.every((drop) => drop >= 0.22 && drop <= 0.38) && new Set(drops).size > 40);
  assert.equal(drawSetting(drawing, 0, 1).drop, 0);
  assert.equal(drawSetting(drawing, undefined, 1).drop, undefined);
  assert.equal(drawSetting({ ...drawing, drop: false }, 0.3, 1).drop, 0.3);
});
