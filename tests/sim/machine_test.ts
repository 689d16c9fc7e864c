import assert from "node:assert/strict";
import { UserError } from "../../core/errors.ts";
import {
  checkMachine,
  loadMachine,
  MACHINE_NAMES,
  MACHINE_PATHS,
  machineOf,
  numberAt,
  QUANTITY_KINDS,
  withRates,
  writeMachine,
} from "../../sim/machine.ts";
import { PARAMETER_NAMES, PARAMETERS } from "../../sim/parameters.ts";

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof UserError && message.test(error.message);

for (const name of MACHINE_NAMES) {
  Deno.test(`${name}: every number has a source and lies in its range`, async () => {
    const document = await loadMachine(name);
    assert.equal(document.name, name);
    for (const path of MACHINE_PATHS) {
      const quantity = numberAt(document, path);
      if (quantity === undefined) continue;
      const { value, source, kind, low, high } = quantity;
      assert.ok(source.length > 3, path);
      assert.ok(QUANTITY_KINDS.includes(kind));
      assert.ok((low ?? value) <= value && value <= (high ?? value), path);
    }
    const plain = machineOf(document);
    assert.equal(plain.link.pageable_gb_s, document.link.pageable_gb_s.value);
  });
}

Deno.test("what a machine may lack is undefined, and cannot be set", async () => {
  const plain = machineOf(await loadMachine("v100x4"));
  assert.equal(numberAt(plain, "network.bandwidth_gb_s"), undefined);
  assert.equal(numberAt(plain, "gpu.tf32_gflop_s"), undefined);
  assert.equal(numberAt(plain, "gpu.half_gflop_s"), 125_000);
  assert.throws(
    () => withRates(plain, { "network.latency_us": 1 }),
    refused(/^Cannot set network\.latency_us: machine v100x4 has no network$/),
  );
});

Deno.test("parameters lie in their ranges and at most three are calibrated", () => {
  for (const name of PARAMETER_NAMES) {
    const { value, low, high, source } = PARAMETERS[name];
    assert.ok(low <= value && value <= high && source.length > 3, name);
  }
  const calibrated = PARAMETER_NAMES.filter((name) => PARAMETERS[name].status === "calibrated");
  assert.equal(calibrated.length, 3);
});

const wrong: readonly [what: string, change: (document: Any) => void, message: RegExp][] = [
  ["no object", (d) => d.cpu = [], /^Cannot use machine m: cpu is \[\] and must be an object$/],
  ["a missing section", (d) => delete d.link, /^Cannot use machine m: link is missing$/],
  ["a missing field", (d) => delete d.link.latency_us, /: link\.latency_us is missing$/],
  [
    "a wrongly named field",
    (d) => d.link.latency_ms = d.link.latency_us,
    /: link\.latency_ms is no field of it, did you mean latency_us\?$/,
  ],
  ["a wrongly named section", (d) => d.gpus = {}, /: gpus is no field of it, did you mean gpu\?$/],
  [
    "a negative number",
    (d) => d.cpu.cores.value = -1,
    /: cpu\.cores\.value is -1 and must be above 0$/,
  ],
  [
    "a rate of 0",
    (d) => d.gpu.gflop_s.value = 0,
    /: gpu\.gflop_s\.value is 0 and must be above 0$/,
  ],
  [
    "a negative latency",
    (d) => d.peer.latency_us.value = -5,
    /: peer\.latency_us\.value is -5 and must be at least 0$/,
  ],
  [
    "a text for a number",
    (d) => d.cpu.cores.value = "24",
    /: cpu\.cores\.value is "24" and must be a number$/,
  ],
  ["a bare number", (d) => d.cpu.cores = 24, /: cpu\.cores is 24 and must be an object$/],
  [
    "no source",
    (d) => d.cpu.cores.source = " ",
    /: cpu\.cores\.source is " " and must say where the numbers come from$/,
  ],
  [
    "an unknown kind",
    (d) => d.cpu.cores.kind = "guess",
    /: cpu\.cores\.kind is "guess" and must be one of datasheet, measured/,
  ],
  ["a missing kind", (d) => delete d.cpu.cores.kind, /: cpu\.cores\.kind is missing$/],
  [
    "a range beside its value",
    (d) => Object.assign(d.cpu.cores, { low: 30, high: 40 }),
    /: cpu\.cores has the range 30 to 40, which leaves out its value 24$/,
  ],
  ["another schema", (d) => d.schema = "x", /: schema is "x" and must be "slipstream\.machine"$/],
  [
    "another version",
    (d) => d.schema_version = 2,
    /: schema_version is 2 and this version reads 1$/,
  ],
  [
    "an empty name",
    (d) => d.name = "",
    /: name is "" and must be a text without control characters$/,
  ],
  [
    "a name that a terminal obeys",
    (d) => d.name = "\u001b[2J\u202e",
    /: name is "\\u001b\[2J\\u202e" and must be a text without control characters$/,
  ],
  [
    "the smallest number there is",
    (d) => d.link.pageable_gb_s.value = 5e-324,
    /: link\.pageable_gb_s\.value is 5e-324 and must be from 1e-9 to 1000000000000000$/,
  ],
  [
    "a number that makes others infinite",
    (d) => d.framework.host_scale.value = 1e300,
    /: framework\.host_scale\.value is 1e\+300 and must be from 1e-9 to /,
  ],
];

// A document is damaged member by member.
// deno-lint-ignore no-explicit-any
type Any = any;

for (const [what, change, message] of wrong) {
  Deno.test(`a machine file with ${what} is one clear error`, async () => {
    const document = structuredClone(await loadMachine("v100x4"));
    change(document);
    assert.throws(() => checkMachine(document, "m"), refused(message));
  });
}

Deno.test("machines are found by name or file; the nearest name is suggested", async () => {
  await assert.rejects(
    loadMachine("v100x5"),
    refused(/^Cannot use machine v100x5: did you mean v100x4\?/),
  );
  await assert.rejects(loadMachine("none.json"), refused(/^Cannot read none\.json: No such file/));
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(path, "{");
  await assert.rejects(loadMachine(path), refused(/it is not JSON/));
  await Deno.writeTextFile(path, JSON.stringify({ ...await loadMachine("v100x4"), name: "own" }));
  assert.equal((await loadMachine(path)).name, "own");
  await Deno.remove(path);
});

Deno.test("a number that is replaced is checked as a file's is", async () => {
  const machine = machineOf(await loadMachine("v100x4"));
  assert.equal(withRates(machine, { "link.pageable_gb_s": 3 }).link.pageable_gb_s, 3);
  assert.equal(machine.link.pageable_gb_s, 8.1);
  assert.throws(() => withRates(machine, { "gpu.gflop_s": 0 }), refused(/must be above 0$/));
  assert.equal(withRates(machine, { "peer.latency_us": 0 }).peer.latency_us, 0);
});

Deno.test("a machine file as large as a disk is refused before it is read", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.truncate(path, 5 * 2 ** 30);
    await assert.rejects(loadMachine(path), refused(/: it has more than 16\.0 MB, which no file/));
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a machine file that was changed after it was written is refused", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const document = await loadMachine("v100x4");
    await writeMachine(path, document);
    assert.deepEqual(await loadMachine(path), document);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"value":24', '"value":25'));
    await assert.rejects(
      loadMachine(path),
      refused(
        /: it was changed after it was written: remove its member "sha256" if that was meant$/,
      ),
    );
  } finally {
    await Deno.remove(path);
  }
});
