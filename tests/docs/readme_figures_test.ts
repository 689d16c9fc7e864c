/** Every figure in README's sentences is one that the project computes; those in blocks are held by tests of these blocks. */

import assert from "node:assert/strict";
import { loadPaperSetting } from "../../sim/paper/setting.ts";
import { paperRatios } from "../../sim/paper/ratios.ts";
import { AUC, StudyResults } from "../../bench/study/compare.ts";
import { boundText, MARGIN_AUC } from "../../bench/study/comparison.ts";
import { frontierExperiment } from "../../bench/experiments/frontier.ts";
import { BENCH_FLAGS, settingsOf } from "../../bench/flags.ts";
import { recordedExperiment } from "../../bench/recorded_experiment.ts";
import { chooseRecorded } from "../../bench/study/choose_recorded.ts";
import { readRecords } from "../../bench/study/recorded.ts";
import { parseFlags } from "../../core/flags.ts";
import { WORKLOAD_NAMES } from "../../data/twin/workloads.ts";
import { CHOSEN_PLAN } from "../../bench/study/variants.ts";
import { BUDGET_MINUTES } from "../../bench/worth/schedule.ts";
import { CRITEO_DENSE, CRITEO_TABLES } from "../../data/criteo.ts";
import { ROOT, section } from "./page.ts";

const QUIET = { say: () => {}, signal: new AbortController().signal };

const README = await Deno.readTextFile(`${ROOT}README.md`);
const SAID = README.replace(/\s+/g, " ");

/** README's sentences with figures, each made of the numbers that the simulator gives. */
async function sentences(): Promise<string[]> {
  const setting = await loadPaperSetting();
  const { rows, readings, open, mape, nulls, met } = await paperRatios(setting, 2);
  const ratio = (slower: string) => {
    const { calibrated, heldOut } = rows.find((row) => row.heldOut.slower === slower)!;
    return { predicted: calibrated.mean.toFixed(2), published: `${heldOut.published}` };
  };
  const skippingOnGpus = open.find(({ slower, faster }) =>
    slower === "gpu-only" && faster === "slipstream-gpu-only"
  )!;
  const chain = nulls.models.find(({ name }) => name.includes("chain"))!;
  const intel = readings.find(({ heldOut }) => heldOut.faster === "slipstream-fae-intel")!;
  const percent = (share: number): string => (100 * share).toFixed(1);
  const [fae, hybrid] = [ratio("fae"), ratio("pytorch-hybrid")];
  assert.ok(!met.fae, "against FAE the division alone does better");
  return [
    `Slipstream trains ${fae.predicted} times as fast as FAE, on which it builds, and ${hybrid.predicted} times as fast as PyTorch with the rows in host memory; the paper says ${fae.published} and ${hybrid.published}.`,
    `skipping makes that ${skippingOnGpus.calibrated.mean.toFixed(2)} times as fast (predicted;`,
    `without them the mean error is ${percent(mape.uncalibrated)} %, not ${
      percent(mape.calibrated)
    } %; published ratios multiplied by a division, 1 / (1 − skipped share), without any machine err ${
      percent(chain.mape)
    } %,`,
    `The ${hybrid.published} over "Intel-optimised DLRM"`,
    `on both sides, it would be ${intel.calibrated.mean.toFixed(2)}.`,
  ];
}

/** Settings of `--recorded --workloads rm2`, which shows RM2 at its full length. */
const SHOWN = settingsOf({
  ...parseFlags(BENCH_FLAGS, ["--recorded", "--workloads", "rm2"]).values,
  records: `${ROOT}bench/recorded`,
}, QUIET);

/** The sentences on RM2's full length, if its records show what they say. */
async function sentencesOnRecords(): Promise<string[]> {
  const [study] = await chooseRecorded(SHOWN);
  assert.equal(study!.inputs, 39_291_958);
  const results = StudyResults.of(Map.groupBy(study!.runs, ({ variant }) => variant));
  const against = (plan: string, other: string) =>
    results.difference(plan, `${other},schedule=interleaved`, AUC)!;
  assert.equal(boundText(against(CHOSEN_PLAN, "fae")), "shown");
  const { mean, half } = against(CHOSEN_PLAN, "slipstream,criterion=popularity");
  assert.ok(Math.abs(mean) < half!, "no difference is shown");
  const said = async (workloads: typeof SHOWN.workloads, cost: string): Promise<string> => {
    const { verdicts } = await recordedExperiment(frontierExperiment).run({
      ...SHOWN,
      workloads,
    });
    return verdicts!.find((verdict) => verdict.startsWith("RM2") && verdict.includes(cost))!;
  };
  const ahead = /: the chosen plan is ahead of fae stopped early by /, time = "on 4 x V100";
  assert.match(await said(WORKLOAD_NAMES, "equal inputs trained"), ahead);
  assert.match(await said(["rm2"], time), ahead);
  assert.match(await said(WORKLOAD_NAMES, time), /: neither is shown to be ahead; /);
  const lost = (plan: string): string => {
    const found = against(`${plan},schedule=interleaved`, "fae").mean;
    assert.ok(found < 0);
    return (-found).toFixed(5);
  };
  return [
    `On RM2 that is no worse than the ${MARGIN_AUC} that was the aim, and ahead of training on less at equal inputs; at equal simulated time on the paper's machine it is shown to be ahead if RM2 is tested by itself, and not with RM1 beside it.`,
    `The paper's criterion loses ${
      lost("slipstream")
    } there and dropping as many inputs at random ${lost("random-drop")}.`,
    `dropping by popularity alone loses ${
      lost("slipstream,criterion=popularity")
    }, and no difference is shown`,
  ];
}

/** The chosen plan's lead over stopping early at equal inputs, at two million of RM2's, by how planted effects shrink. */
async function leadAt(effectExponent: number | null): Promise<{ lead: string; shown: boolean }> {
  const { verdicts } = await recordedExperiment(frontierExperiment).run({
    ...SHOWN,
    ...{ inputs: 2_000_000, effectExponent },
  });
  const said = verdicts!.find((verdict) => verdict.includes("equal inputs trained"))!;
  const [, lead] =
    /(?:ahead of fae stopped early by |differs from fae stopped early by \+)([\d.]+) AUC/
      .exec(said)!;
  return { lead: lead!, shown: said.includes("is ahead of") };
}

/** The sentence on what the twins' clicks decide. */
async function sentenceOnEffects(): Promise<string> {
  const [usual, even, steep] = [await leadAt(null), await leadAt(0), await leadAt(0.5)];
  assert.ok(usual.shown && !even.shown && steep.shown);
  return `At two million inputs the plan's lead over training on as much less is ${usual.lead} as planted, ${steep.lead} where they tell still less, and ${even.lead} where they tell as much as rare ones, which is not shown`;
}

/** What docs/method.md says of the same runs on two devices. */
async function sentenceOnDevices(): Promise<string> {
  const runs = (await readRecords(`${ROOT}bench/recorded`))
    .filter(({ workload, inputs }) => workload === "rm2" && inputs === 39_291_958);
  const pairs = runs.filter((run) => run.conditions.device === "cpu").flatMap((here) =>
    runs.filter(({ variant, seed, conditions: { device } }) =>
      variant === here.variant && seed === here.seed && device !== "cpu"
    ).map((there) => Math.abs(AUC(there) - AUC(here)))
  );
  assert.ok(pairs.length >= 6);
  return `a seed's AUC differs by up to ${Math.max(...pairs).toFixed(5)}.`;
}

Deno.test("docs/method.md says by how much two devices differ", async () => {
  const said = (await Deno.readTextFile(`${ROOT}docs/method.md`)).replace(/\s+/g, " ");
  const sentence = await sentenceOnDevices();
  assert.ok(said.includes(sentence), sentence);
});

/** Numbers that README has in words. */
const WORDS: Readonly<Record<number, string>> = { 4: "four", 5: "five", 10: "ten" };

/** Sentences on the made-up log, each made of what its blocks print, which another test runs. */
function sentencesOnALog(): string[] {
  const log = section(README, "## Your own logs");
  const [, hot] = /^ +1 +[\d,]+ +[\d.]+ +([\d.]+)$/m.exec(log)!;
  const [from, to] = /after hot minibatches (\d+) to (\d+):/.exec(log)!.slice(1).map(Number);
  return [
    `One command asks it, within ${WORDS[BUDGET_MINUTES]} minutes unless`,
    `(label, ${CRITEO_DENSE} numbers, ${CRITEO_TABLES} hexadecimal ids, between TABs)`,
    `With 1 MiB ${Math.round(100 * Number(hot))} % of the inputs are hot.`,
    `After ${WORDS[to!]} hot minibatches the hot rows were compared with a copy ${
      WORDS[to! - from!]
    } minibatches old`,
  ];
}

/** Versions, and the number of a paper. */
const NO_FIGURES = /(\[?\bDeno\]? 2\.9|deno@2\.9\.6|`?2404\.04270`?|\d+\.\d+\.\d+)\b/g;

Deno.test("README's sentences have the figures that the project computes, and no others", async () => {
  const held = [
    ...await sentences(),
    ...await sentencesOnRecords(),
    await sentenceOnEffects(),
    ...sentencesOnALog(),
  ];
  for (const sentence of held) assert.ok(SAID.includes(sentence), sentence);
  let rest = README
    .replace(/^<!-- (recorded|results): [^]*?^<!-- end of \1 -->$/gm, "")
    .replace(/^```[^]*?^```$/gm, "").replace(/^\|.*$/gm, "").replace(/`[^`]*`/g, "")
    .replace(/\]\([^)]*\)/g, "]").replace(/\s+/g, " ");
  for (const sentence of held) rest = rest.replace(sentence.replace(/`[^`]*`/g, ""), "");
  const left = rest.replace(NO_FIGURES, "").match(/.{0,40}\b\d+(\.\d+| ?%|(,\d{3})+).{0,20}/g) ??
    [];
  assert.deepEqual(left, [], "hold these to what gives them, or leave them out");
});
