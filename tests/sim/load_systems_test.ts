import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import { simulate } from "../../sim/simulate.ts";
import { sweep } from "../../sim/sweep.ts";
import { loadSystems } from "../../sim/systems/load.ts";
import { findSystem } from "../../sim/systems/mod.ts";
import { countTraceRuns } from "../../sim/work.ts";
import { inFolder } from "../data/rows.ts";
import { record, TOY, traceOf } from "./toy.ts";

/** A system that takes a microsecond a minibatch, as text. */
const IDLE = `{
  name: "idle",
  summary: "A microsecond a minibatch",
  needsHot: false,
  skips: false,
  rowsOnGpus: false,
  minibatches: (workload) => workload.all,
  minibatch: (work, context, graph) => graph.add("forward", "gpu:0", 1, [], "idle"),
  extras: () => [],
}`;

/** What a module of that text exports. */
async function loaded(text: string) {
  let systems: Awaited<ReturnType<typeof loadSystems>> = [];
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/mine.js`, text);
    systems = await loadSystems(`${folder}/mine.js`);
  });
  return systems;
}

Deno.test("a module exports one system or several, by default or as system", async () => {
  const trace = traceOf([record("cold"), record("cold")]);
  for (const text of [`export const system = ${IDLE}`, `export default [${IDLE}]`]) {
    const [system, ...others] = await loaded(text);
    assert.equal(others.length, 0);
    const { system: name, epoch_ms } = simulate({ trace, machine: TOY, system: system!, gpus: 1 });
    assert.equal(name, "idle");
    assert.ok(Math.abs(epoch_ms - 0.002) < 1e-12, `${epoch_ms}`);
  }
  const two = await loaded(`export const system = [${IDLE}, { ...${IDLE}, name: "idler" }]`);
  assert.deepEqual(two.map(({ name }) => name), ["idle", "idler"]);
});

Deno.test("a system of one's own is swept beside the project's", async () => {
  const [idle] = await loaded(`export const system = ${IDLE}`);
  const fae = findSystem("intel-dlrm");
  const options = {
    traces: [{ name: "toy", trace: countTraceRuns(traceOf([record("cold")])) }],
    machines: [TOY],
    // Enough points for workers, were all systems known to them.
    axes: [{ name: "cpu.gflop_s", values: Array.from({ length: 40 }, (_, k) => 1 + k) }] as const,
    gpus: 1,
    threads: 2,
  };
  const both = await sweep({ ...options, systems: [idle!, fae] });
  assert.deepEqual([...new Set(both.map(({ system }) => system))], ["idle", "intel-dlrm"]);
  assert.ok(both.slice(0, 40).every(({ epoch_ms }) => Math.abs(epoch_ms - 0.001) < 1e-12));
  // By its name, or itself, in workers or not.
  const twice = { ...options, systems: [fae, "intel-dlrm"] };
  const rows = await sweep(twice);
  assert.deepEqual(rows.slice(0, 40), both.slice(40));
  assert.deepEqual(rows.slice(40), both.slice(40));
});

Deno.test("a module without a system is refused by what it lacks", async () => {
  const cases: [string, RegExp][] = [
    [
      "",
      /: it exports no object by default or as system, with the members name, summary, needsHot/,
    ],
    ["export const system = 'fae'", /: it exports no object by default or as system/],
    ["export const system = []", /: its list of systems is empty$/],
    [
      `export const system = { ...${IDLE}, extras: undefined }`,
      /: extras of its system is missing and must be a function$/,
    ],
    [
      `export default { ...${IDLE}, skips: "no" }`,
      /: skips of its system is of type string and must be a boolean$/,
    ],
    [
      `export default { ...${IDLE}, name: "fae" }`,
      /: its system's name, fae, is that of one of the project's own$/,
    ],
    ["export const system = ;", /^Cannot import system .*mine\.js: /],
    ["throw new Error('out of order')", /^Cannot import system .*mine\.js: out of order$/],
  ];
  for (const [text, message] of cases) {
    await assert.rejects(loaded(text), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  await assert.rejects(loadSystems("no/such/file.ts"), /^UserError: Cannot import system no\/such/);
});
