import assert from "node:assert/strict";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import { buildDocument } from "../../bench/report.ts";
import type { Experiment, Findings, ResultTable, Settings } from "../../bench/experiment.ts";
import type { Panel } from "../../figures/figure.ts";
import { breakdownExperiment, groupsOf } from "../../bench/experiments/breakdown.ts";
import { sideBySide } from "../../bench/experiments/peers.ts";
import { sensitivityExperiment } from "../../bench/experiments/sensitivity.ts";
import { speedupExperiment } from "../../bench/experiments/speedup.ts";
import { trafficExperiment } from "../../bench/experiments/traffic.ts";
import { barCell, validateExperiment } from "../../bench/experiments/validate.ts";
import { predictedSetting, simulatePaper } from "../../bench/paper_machine.ts";
import { loadMachine } from "../../sim/machine.ts";
import { allDraws } from "../../sim/paper/all_draws.ts";
import { drawRatios } from "../../sim/paper/draws.ts";
import { ratiosOf, timesOf } from "../../sim/paper/evaluate.ts";
import { OPEN_PAIRS, paperPairs } from "../../sim/paper/ratios.ts";
import { loadPaperSetting } from "../../sim/paper/setting.ts";
import { simulate } from "../../sim/simulate.ts";
import { withEarly } from "../../sim/variants.ts";
import { settingsIn } from "./made_up.ts";

const SETTING = await loadPaperSetting();

const SETTINGS = settingsIn("", { rounds: 1, smoke: true, workloads: WORKLOAD_NAMES });

/** Runs an experiment and checks what holds of the findings of any. */
async function found(
  experiment: Experiment,
  settings: Partial<Settings> = {},
): Promise<Findings> {
  const findings = await experiment.run({ ...SETTINGS, ...settings });
  const document = buildDocument(experiment, findings, { seconds: 0, command: "", settings: {} });
  for (const { rows, columns } of document.tables) {
    assert.ok(rows.length > 0);
    for (const row of rows) assert.equal(row.length, columns.length);
  }
  const names = document.figures.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { panels } of document.figures) {
    for (const { data, x, y } of panels) {
      assert.ok(data.length > 0);
      for (const datum of data) {
        assert.ok(Number.isFinite(datum.y));
        if (x.scale === "log") assert.ok(datum.x as number > 0);
        if (y.scale === "log") assert.ok(datum.y > 0);
      }
    }
  }
  for (const note of findings.notes) {
    assert.doesNotMatch(note, /undefined|NaN|Infinity|\n/);
  }
  return findings;
}

/** A column by its name. */
function column({ columns, rows }: ResultTable, name: string): unknown[] {
  const at = columns.findIndex((one) => one.name === name);
  assert.ok(at >= 0, name);
  return rows.map((row) => row[at]);
}

Deno.test("speedup: the headline is that of simulate paper, and times and figures agree with it", async () => {
  const { tables, figures, notes } = await found(speedupExperiment);
  const { calibrated, registration } = SETTING;
  const expected = ratiosOf(calibrated, [...registration.held_out, ...OPEN_PAIRS]);
  const [headline, times] = tables as [ResultTable, ResultTable];
  assert.deepEqual(column(headline, "predicted"), expected.map(({ mean }) => mean));
  assert.deepEqual(
    column(headline, "published"),
    [...registration.held_out.map(({ published }) => published), null, null],
  );
  assert.deepEqual(column(headline, "RM3"), expected.map(({ byWorkload }) => byWorkload.rm3));
  assert.deepEqual([headline.short, times.short, headline.origin], [true, true, "predicted"]);
  const fae = timesOf(calibrated, "fae"), slipstream = timesOf(calibrated, "slipstream");
  assert.deepEqual(column(times, "FAE"), WORKLOAD_NAMES.map((name) => fae[name] / 1000));
  const own = WORKLOAD_NAMES.map((name) => slipstream[name] / 1000);
  assert.deepEqual(column(times, "Slipstream"), own);
  const figure = figures!.find(({ name }) => name === "speedup")!;
  for (const [i, { data }] of figure.panels.entries()) {
    const bars = data.filter(({ origin }) => origin === "predicted");
    assert.deepEqual(bars.map(({ y }) => y), [
      ...WORKLOAD_NAMES.map((name) => expected[i]!.byWorkload[name]),
      expected[i]!.mean,
    ]);
    const published = data.filter(({ origin }) => origin === "published");
    assert.deepEqual(published.map(({ y }) => y), [registration.held_out[i]!.published]);
  }
  assert.ok(notes.some((note) => note.includes("3 draws")));
});

Deno.test("draws: all cores give what one draw after another gives", async () => {
  const { document, registration, calibrated: { workloads } } = SETTING;
  const pairs = paperPairs(registration).filter(({ slower }) => slower === "fae");
  const options = { document, workloads, registration, pairs, calibrated: false };
  const counts: number[] = [];
  const drawn = await allDraws(options, 3, { onDraw: (done) => counts.push(done) });
  assert.deepEqual(drawn, [0, 1, 2].map((draw) => drawRatios(options, draw)));
  assert.deepEqual(counts, [1, 2, 3]);
  await assert.rejects(
    allDraws(options, 3, { signal: AbortSignal.abort(new Error("stopped")) }),
    /stopped/,
  );
});

Deno.test("breakdown: shares sum to one and are those of the simulator's stages", async () => {
  const { tables, figures } = await found(breakdownExperiment);
  for (const workload of WORKLOAD_NAMES) {
    for (const system of ["pytorch-hybrid", "fae", "slipstream"] as const) {
      const result = simulatePaper(SETTING, workload, system);
      const groups = [...groupsOf(result).values()];
      const sum = (of: (part: typeof groups[number]) => number) =>
        groups.reduce((total, part) => total + of(part), 0);
      assert.ok(Math.abs(sum(({ share }) => share) - 1) < 1e-9);
      const ms = result.epoch_ms * result.epochs / result.minibatches;
      assert.ok(Math.abs(sum((part) => part.ms) / ms - 1) < 1e-9);
      const gather = groupsOf(result).get("lookups")!;
      assert.equal(gather.ms, result.stages.gather!.exposed_ms / result.minibatches);
    }
  }
  // Bars sum to what the table says of the whole minibatch.
  const ms = figures!.find(({ name }) => name === "milliseconds")!;
  for (const { title, data } of ms.panels) {
    for (const workload of ["RM1", "RM4"]) {
      const total = data.filter(({ x }) => x === workload).reduce((sum, { y }) => sum + y, 0);
      const row = tables[1]!.rows.find((cells) => cells[0] === workload && cells[1] === title)!;
      assert.ok(Math.abs(total / (row[2] as number) - 1) < 1e-9);
    }
  }
  const stages = tables[2]!;
  const expected = simulatePaper(SETTING, "rm1", "pytorch-hybrid");
  const own = stages.rows.filter((row) => row[1] === "RM1" && row[2] === "PyTorch hybrid");
  assert.deepEqual(
    own.map((row) => [row[4], row[5]]),
    Object.entries(expected.stages).map((
      [stage, { exposed_ms }],
    ) => [stage, exposed_ms / expected.minibatches]),
  );
  const shares = figures![0]!.panels[0]!.data.filter(({ x }) => x === "RM1");
  assert.ok(Math.abs(shares.reduce((sum, { y }) => sum + y, 0) - 100) < 1e-7);
});

Deno.test("traffic: bytes are the simulator's, whatever the calibrated numbers", async () => {
  const { tables, figures } = await found(trafficExperiment);
  const bytes = tables[2]!;
  const { bytes: expected } = simulatePaper(SETTING, "rm2", "slipstream");
  const at = bytes.rows.findIndex((row) => row[0] === "RM2" && row[1] === "Slipstream");
  assert.deepEqual(
    bytes.rows[at]!.slice(2),
    [
      expected.upload,
      expected.download,
      expected.peer,
      expected.host_memory,
      expected.gpu_memory,
    ].map((value) => value / 1e9),
  );
  const { workloads, ...options } = SETTING.uncalibrated;
  const before = simulate({ ...options, trace: workloads.rm2, system: "slipstream" });
  assert.deepEqual(before.bytes, expected);
  const link = figures![0]!.panels[0]!.data
    .find(({ x, series }) => x === "RM2" && series === "Slipstream")!;
  assert.equal(link.y, (expected.upload + expected.download) / 1e9);
});

Deno.test("sensitivity: the values of the paper give the paper's ratios", async () => {
  const { tables, figures } = await found(sensitivityExperiment);
  const points = tables[1]!;
  const gpus = points.rows.filter((row) => row[0] === "gpus" && row[1] === 4);
  const expected = ratiosOf(SETTING.calibrated, [{ slower: "fae", faster: "slipstream" }])[0]!;
  for (const [i, name] of WORKLOAD_NAMES.entries()) {
    assert.ok(Math.abs(gpus[i]![3] as number / expected.byWorkload[name] - 1) < 1e-3, name);
  }
  const shown = figures![0]!.panels.find(({ title }) => title === "GPUs")!.data
    .filter(({ x }) => x === 4);
  assert.deepEqual(shown.map(({ y }) => y), gpus.map((row) => row[3]));
  assert.ok(tables[2]!.rows.length === 2 && figures![0]!.panels.at(-1)!.title.includes("MiB"));
});

Deno.test("the window: its own length changes nothing, a longer one skips less", () => {
  const { workloads, ...options } = SETTING.calibrated;
  const time = (trace: typeof workloads.rm2) =>
    simulate({ ...options, trace, system: "slipstream" }).epoch_ms;
  for (const name of WORKLOAD_NAMES) {
    const trace = workloads[name];
    const share = name === "rm1" ? 0.05 : 0.03;
    const same = time(withEarly(trace, { warmup: 1000, window: share })) / time(trace);
    assert.ok(Math.abs(same - 1) < 1e-3, `${name} ${same}`);
    assert.ok(time(withEarly(trace, { warmup: 1000, window: 0.3 })) > time(trace));
    assert.throws(
      () => withEarly(trace, { warmup: 1000, window: 1 }),
      /^UserError: Cannot move the window to minibatch/,
    );
  }
});

Deno.test("validate: nothing is concluded of a software adapter", () => {
  const device = { kind: "webgpu", name: "any", isFallbackAdapter: true } as const;
  const of = (met: boolean) => ({ verdict: { mean: 0.01, worst: 0.02, met } });
  assert.deepEqual([barCell(of(true), device), barCell(of(false), device)], [null, null]);
  const hardware = { ...device, isFallbackAdapter: false };
  assert.deepEqual([barCell(of(true), hardware), barCell(of(false), hardware)], ["met", "missed"]);
});

Deno.test("peers: no ratio is given of a software adapter's times", () => {
  const options = {
    title: "Side by side",
    batch: 100,
    ours: { name: "ours", times: [2, 4, 2] },
    peers: [{ name: "theirs", times: [4, 4, 4] }],
  };
  const { columns, rows } = sideBySide({ ...options, software: false });
  assert.deepEqual(rows[1], ["theirs", 4, "4.00 … 4.00", 25_000, 2, "1.00 … 2.00"]);
  assert.equal(columns.length, 6);
  const software = sideBySide({ ...options, software: true });
  assert.deepEqual(software.rows[1], ["theirs", 4, "4.00 … 4.00", 25_000]);
  assert.deepEqual(software.columns.map(({ name }) => name), [
    "who",
    "ms a step, median",
    "95 % interval",
    "samples/s",
  ]);
});

Deno.test("notes of one workload have one number, no range", async () => {
  for (const experiment of [breakdownExperiment, trafficExperiment]) {
    const { notes } = await found(experiment, { workloads: ["rm2"] });
    for (const note of notes) assert.doesNotMatch(note, / % to -?\d/);
  }
  const { notes } = await found(trafficExperiment);
  assert.ok(notes.some((note) => / % to \d/.test(note)));
});

Deno.test("validate: writes a machine file, and takes it the next time", async () => {
  const out = await Deno.makeTempDir();
  try {
    const first = await found(validateExperiment, { out: `${out}/results` });
    const path = `${out}/results/machine.json`;
    assert.ok((await loadMachine(path)).runtime!.quick);
    const written = await Deno.readTextFile(path);
    const { samples, tables, figures, notes } = await found(validateExperiment, {
      out: `${out}/results`,
    });
    assert.equal(await Deno.readTextFile(path), written);
    assert.match(first.notes[0]!, /just before/);
    assert.match(notes[0]!, /before on this machine/);
    assert.equal(samples!.length, tables[1]!.rows.length);
    const [{ data, mark, diagonal }] = figures![0]!.panels as [Panel];
    assert.deepEqual([mark, diagonal], ["scatter", "predicted = measured"]);
    assert.deepEqual(data.map(({ y }) => y), column(tables[1]!, "predicted, ms"));
    assert.deepEqual(data.map(({ x }) => x), column(tables[1]!, "measured, ms"));
    assert.ok(data.every(({ origin }) => origin === "predicted"));
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("what is predicted of the paper's machine is predicted of the machine that is asked for", async () => {
  const settings = settingsIn("nowhere", { smoke: true, workloads: ["rm4"], machine: ["l4"] });
  for (const experiment of [breakdownExperiment, trafficExperiment]) {
    const { tables, figures, outcome } = await experiment.run(settings);
    assert.match(tables[0]!.title, /l4, 1 GPU, PCIe 4/);
    assert.ok(figures!.some(({ caption }) => caption.includes("l4, 1 GPU, PCIe 4")));
    assert.equal(outcome, undefined, "nothing is published of it");
    await assert.rejects(
      experiment.run({ ...settings, machine: ["l4", "t4"] }),
      /Cannot use --machine l4,t4: these tables are of one machine/,
    );
  }
  const { tables: [first] } = await sensitivityExperiment.run(settings);
  assert.ok(first!.title.includes("l4, 1 GPU"));
  assert.deepEqual(first!.rows.find(([what]) => what === "GPUs")!.slice(1, 3), [1, 1]);
});

Deno.test("speedup --machine predicts the paper's ratios elsewhere, as simulate does, with ranges", async () => {
  const settings = settingsIn("nowhere", { smoke: true, workloads: ["rm4"], machine: ["l4"] });
  const { tables: [table, times], outcome } = await speedupExperiment.run(settings);
  assert.equal(outcome, undefined);
  const row = table!.rows.find(([, name]) => name === "Slipstream over FAE")!;
  const { calibrated: { workloads, ...options } } = await predictedSetting(settings);
  const [fae, slipstream] = ["fae", "slipstream"].map((system) =>
    simulate({ ...options, trace: workloads.rm4, system }).epoch_ms
  );
  assert.match(
    String(row[2]),
    new RegExp(`^${(fae! / slipstream!).toFixed(2)} \\(1\\.\\d\\d … 1\\.`),
  );
  assert.equal(times!.rows.find(([, name]) => name === "Slipstream")![2], slipstream! / 1000);
});
