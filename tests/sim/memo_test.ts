import assert from "node:assert/strict";
import { MinibatchMemo } from "../../sim/memo.ts";
import { loadPaperSetting } from "../../sim/paper/setting.ts";
import { simulate, simulateWith } from "../../sim/simulate.ts";
import { SYSTEMS } from "../../sim/systems/mod.ts";

const { calibrated: { workloads, ...common } } = await loadPaperSetting();
const OPTIONS = { ...common, trace: workloads.rm2 };

Deno.test("a memo changes no bit, whatever parameters it was filled with", () => {
  const memo = new MinibatchMemo(OPTIONS.machine);
  for (const factor of [1, 2, 1, 0.5]) {
    const { parameters: base } = OPTIONS;
    for (const name of Object.keys(base) as (keyof typeof base)[]) {
      const parameters = { ...base, [name]: base[name] * factor };
      for (const system of ["fae", "xdl", "hotline", "slipstream", "slipstream-artifact"]) {
        const plain = simulate({ ...OPTIONS, parameters, system });
        assert.deepEqual(simulateWith({ ...OPTIONS, parameters, system }, memo), plain);
      }
    }
  }
});

Deno.test("a memo simulates a minibatch again only if a parameter that it read has changed", () => {
  const memo = new MinibatchMemo(OPTIONS.machine);
  const fae = SYSTEMS.find(({ name }) => name === "fae")!;
  let minibatches: string[] = [];
  const counting: typeof fae = {
    ...fae,
    minibatch(work, context, graph) {
      minibatches.push(work.kind);
      fae.minibatch(work, context, graph);
    },
  };
  const run = (change: Partial<typeof OPTIONS.parameters>) => {
    minibatches = [];
    const parameters = { ...OPTIONS.parameters, ...change };
    simulateWith({ ...OPTIONS, parameters, system: counting }, memo);
    return new Set(minibatches);
  };
  assert.deepEqual(run({}), new Set(["cold", "hot"]));
  assert.deepEqual(run({ xdl_scale: 3 }), new Set());
  assert.deepEqual(run({ pytorch_lookup_ns: 50 }), new Set(["cold"]));
  assert.deepEqual(run({}), new Set());
});

Deno.test("a memo of another machine is refused", () => {
  const memo = new MinibatchMemo({ ...OPTIONS.machine });
  assert.throws(() => simulateWith({ ...OPTIONS, system: "fae" }, memo), /another machine/);
});

Deno.test("what systems do not see of a minibatch changes none of its tasks", () => {
  for (const system of SYSTEMS) {
    if (system.sees === undefined) continue;
    const { sees: _, ...blind } = system;
    const plain = simulate({ ...OPTIONS, system: blind });
    assert.deepEqual(simulate({ ...OPTIONS, system }), plain, system.name);
  }
});

Deno.test("systems that skip see what those below them see", () => {
  for (
    const name of [
      "slipstream",
      "slipstream-artifact",
      "slipstream-intel-dlrm",
      "slipstream-fae-intel",
    ]
  ) {
    assert.ok(SYSTEMS.find((system) => system.name === name)!.sees !== undefined, name);
  }
});
