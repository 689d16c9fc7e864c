import assert from "node:assert/strict";
import { flagName } from "../../core/flags.ts";
import { TRAIN_FLAGS } from "../../train/command/flags.ts";
import { parseTrainOptions } from "../../train/command/parse.ts";
import { configurationOf } from "../../train/run/configuration.ts";
import type { ResultDocument } from "../../train/run/result.ts";
import { inFolder } from "../data/rows.ts";
import { webGpuAvailable } from "../kernels/webgpu_available.ts";
import { readJson, succeed, TINY, trainToJson } from "./command.ts";
import { writeClicks } from "./criteo_file.ts";

Deno.test("train prints how good and how fast, and writes all of it as JSON", () =>
  inFolder(async (folder) => {
    const args = [
      ...["--data", await writeClicks(folder, 2100), "--cache", `${folder}/cache`],
      ...["--epochs", "10", "--eval-every", "100", "--json", `${folder}/out.json`],
      ...TINY,
    ];
    const { out, err } = await succeed("train", args);
    for (const word of ["AUC", "log-loss", "calibration", "backward", "samples/s on WASM SIMD"]) {
      assert.ok(out.includes(word), out);
    }
    assert.match(err, /^Data: criteo-kaggle, 1,800 inputs to train on, 150 to test on/m);
    assert.match(err, /^Model: rm2, bottom 13-8-4, top 355-8-1, /m);
    assert.match(err, /^Device: cpu, WASM SIMD(, wide)? \(asked for\)$/m);
    assert.match(err, /^Step 100: AUC 0\.\d+/m);

    const document = await readJson<ResultDocument>(`${folder}/out.json`);
    assert.equal(document.schema, "slipstream.train");
    assert.equal(document.schema_version, 2);
    assert.deepEqual(document.ended, { how: "completed", step: 290, reason: null });
    // The task says the first.
    const parsed = parseTrainOptions(["--wide", ...args]);
    assert.ok(parsed.kind === "train");
    assert.deepEqual(
      document.configuration,
      JSON.parse(JSON.stringify(configurationOf(parsed.settings))),
    );
    assert.equal(document.losses.length, 290);
    assert.ok(document.losses.every((loss) => loss !== null && loss > 0 && loss < 5));
    assert.deepEqual(document.evaluations.map(({ step }) => step), [100, 200, 290]);
    assert.deepEqual(document.dataset.inputs, { train: 1800, test: 150, validation: 150 });
    assert.equal(document.dataset.tables.length, 26);
    assert.deepEqual(document.model.top, [355, 8, 1]);

    const { auc, logloss, accuracy, normalised_entropy, calibration, count } = document.metrics!;
    assert.equal(count, 150);
    // The planted signal ranks at 0.87 if it is known exactly.
    assert.ok(auc! > 0.75 && auc! <= 1, `AUC ${auc}`);
    assert.ok(logloss! > 0 && logloss! < 0.7);
    assert.ok(accuracy! > 0.5 && accuracy! <= 1);
    assert.ok(normalised_entropy! > 0 && normalised_entropy! < 1);
    assert.ok(calibration! > 0 && calibration! <= 1 / document.metrics!.label_rate!);

    const { throughput, counters } = document;
    assert.equal(throughput.samples, 18_000);
    assert.equal(throughput.steps, 290);
    assert.ok(throughput.samples_per_second! > 0);
    assert.equal(counters.lookups, 18_000 * 26);
    assert.ok(counters.unique_rows > 0 && counters.unique_rows < counters.lookups);
    for (const stage of ["prepare", "upload", "gather", "forward", "backward"] as const) {
      assert.ok(document.stages_ms[stage]! >= 0, stage);
    }
  }));

Deno.test("train gives the same bits for the same seed and others for another", () =>
  inFolder(async (folder) => {
    const args = ["--data", await writeClicks(folder, 1400), ...TINY];
    const first = await trainToJson(folder, args);
    const again = await trainToJson(folder, args);
    const other = await trainToJson(folder, [...args, "--seed", "124"]);
    assert.deepEqual(again.losses, first.losses);
    assert.deepEqual(again.metrics, first.metrics);
    assert.equal(again.dataset.hash, first.dataset.hash);
    assert.notDeepEqual(other.losses, first.losses);
    assert.notDeepEqual(other.metrics, first.metrics);
  }));

Deno.test("train gives the same bits on one thread and on two", () =>
  inFolder(async (folder) => {
    const data = await writeClicks(folder, 1400);
    const [one, two] = await Promise.all(["1", "2"].map((threads) =>
      trainToJson(folder, [
        ...["--data", data, "--device", "cpu", "--threads", threads, "--batch", "128"],
        ...["--max-steps", "6", "--save", `${folder}/weights-${threads}`],
      ])
    ));
    assert.deepEqual([one!.device.threads, two!.device.threads], [1, 2]);
    assert.deepEqual(two!.losses, one!.losses);
    assert.deepEqual(two!.metrics, one!.metrics);
    const weights = (threads: number): Promise<Uint8Array> =>
      Deno.readFile(`${folder}/weights-${threads}/model.safetensors`);
    assert.ok(Buffer.from(await weights(1)).equals(await weights(2)));
  }));

Deno.test({
  name: "train gives the same losses on the CPU and on WebGPU",
  ignore: !webGpuAvailable,
  fn: () =>
    inFolder(async (folder) => {
      const args = [
        ...["--data", await writeClicks(folder, 1400), "--batch", "128", "--max-steps", "8"],
        "--device",
      ];
      const cpu = await trainToJson(folder, [...args, "cpu"]);
      const webgpu = await trainToJson(folder, [...args, "webgpu"]);
      assert.deepEqual([cpu.device.kind, webgpu.device.kind], ["cpu", "webgpu"]);
      assert.equal(cpu.losses.length, 8);
      // Sums differ in their order: about 1e-7 a step, until a ReLU near zero falls on the other side.
      for (const [step, loss] of cpu.losses.entries()) {
        const difference = Math.abs(webgpu.losses[step]! - loss!) / loss!;
        assert.ok(difference < 1e-5, `step ${step + 1}: relative difference ${difference}`);
      }
      const [a, b] = [cpu.metrics!.logloss!, webgpu.metrics!.logloss!];
      assert.ok(Math.abs(a - b) / a < 1e-5, `log-loss ${a} and ${b}`);
    }),
});

Deno.test("train learns from generated clicks and knows what could be learnt", () =>
  inFolder(async (folder) => {
    const document = await trainToJson(folder, ["--data", "synthetic:2000", ...TINY]);
    assert.deepEqual(document.dataset.inputs, { train: 1715, test: 143, validation: 142 });
    assert.ok(document.dataset.bayes!.auc > 0.7 && document.dataset.bayes!.auc < 0.9);
  }));

Deno.test("train takes DLRM's Kaggle command line as it stands", () =>
  inFolder(async (folder) => {
    const path = await writeClicks(folder, 700);
    const { out, err } = await succeed("train", [
      ..."--arch-sparse-feature-size=16 --arch-mlp-bot=13-512-256-64-16".split(" "),
      ..."--arch-mlp-top=512-256-1 --data-generation=dataset --data-set=kaggle".split(" "),
      ...`--raw-data-file=${path} --processed-data-file=${folder}/kaggle.npz`.split(" "),
      ..."--loss-function=bce --round-targets=True --learning-rate=0.1".split(" "),
      ..."--mini-batch-size=128 --print-freq=1024 --print-time".split(" "),
      ..."--test-mini-batch-size=16384 --test-num-workers=16".split(" "),
      ...["--cache", `${folder}/cache`],
    ]);
    assert.match(err, /^DLRM flags without effect here: .*--print-freq/m);
    assert.match(err, /top 367-512-256-1/);
    assert.match(out, /600 samples in 5 steps/);
  }));

Deno.test("train takes DLRM's Terabyte command line and holds out the last day", () =>
  inFolder(async (folder) => {
    for (const day of [0, 1, 2]) await writeClicks(folder, 200, `day_${day}`, day);
    const document = await trainToJson(folder, [
      ..."--arch-sparse-feature-size=64 --arch-mlp-bot=13-512-256-64".split(" "),
      ..."--arch-mlp-top=512-512-256-1 --max-ind-range=10000000".split(" "),
      ..."--data-generation=dataset --data-set=terabyte".split(" "),
      ...`--raw-data-file=${folder}/day --processed-data-file=${folder}/tb.npz`.split(" "),
      ..."--loss-function=bce --round-targets=True --learning-rate=0.1".split(" "),
      ..."--mini-batch-size=2048 --print-freq=1024 --print-time --test-freq=-1".split(" "),
      ..."--nepochs=1 --numpy-rand-seed=7 --memory-map --data-sub-sample-rate=0.0".split(" "),
      ...["--device", "cpu"],
    ]);
    assert.equal(document.dataset.format, "criteo-terabyte");
    assert.deepEqual(document.dataset.inputs, { train: 400, test: 100, validation: 100 });
    assert.deepEqual(document.model.bottom, [13, 512, 256, 64]);
  }));

Deno.test("train --help shows every flag", async () => {
  const { out, err } = await succeed("train", ["--help"]);
  assert.equal(err, "");
  for (const key of Object.keys(TRAIN_FLAGS)) assert.ok(out.includes(flagName(key)), key);
});

Deno.test("train --quiet prints the result alone", () =>
  inFolder(async (folder) => {
    const args = ["--data", await writeClicks(folder, 140), "--cache", `${folder}/cache`, ...TINY];
    const { out, err } = await succeed("train", [...args, "--quiet"]);
    assert.equal(err, "");
    assert.match(
      out,
      /^metric +value\n[\s\S]*\nAUC [\s\S]* samples\/s on WASM SIMD(, wide)?, \d+ threads?\n$/,
    );
  }));
