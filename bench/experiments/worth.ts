/**
 * One question of one log: is skipping worth it, here and on other machines?
 *
 * @module
 */

import { UsageError, UserError } from "../../core/errors.ts";
import { counted, formatCount } from "../../core/format.ts";
import { currentEnvironment } from "../../train/run/environment.ts";
import { drops, findPlan } from "../../train/plan/plans.ts";
import { defineExperiment, type Findings, type SettingsOf } from "../experiment.ts";
import { aucSample, deviceOf, LOG_FLAGS } from "../study/trained.ts";
import { workloadSettings } from "../study/settings.ts";
import { simulatedPlaces } from "../study/simulated.ts";
import { variantOf } from "../study/variants.ts";
import { type Answer, candidatesOf, placesOf } from "../worth/answer.ts";
import { type AskedLog, openFirst, openRows, profileLog } from "../worth/log.ts";
import { BUDGET_MINUTES, chooseInputs, trainingSeconds } from "../worth/schedule.ts";
import {
  firstChart,
  lessTable,
  logTable,
  savingFigure,
  savingTable,
  variantTable,
} from "../worth/tables.ts";
import { LogTrainer } from "../worth/trainer.ts";
import { verdictOf } from "../worth/verdict.ts";
import { type Ran, secondsOf, SKIPPING, trainWithin, type Wanted, WHOLE } from "../worth/within.ts";

const FLAGS = [
  ...["device", "threads", "batch", "seeds", "variants", "machine", "budget"] as const,
  ...LOG_FLAGS,
] as const;
type WorthSettings = SettingsOf<typeof FLAGS[number]>;

/** Needed variants of an answer: `fae`, a way of skipping, its control, `fae` stopped early, `baseline`. */
const NEEDED = 5;
/** Time of a run with what is done around it, of its own. */
const AROUND = 1.3;
/** Draws of what is uncertain of a machine. */
const DRAWS = 100;
/** The least that still runs every line. */
const SMOKE = { inputs: 8000, seeds: 1, draws: 3 };

/** Asks whether skipping is worth it. */
export const worthExperiment = defineExperiment({
  name: "worth",
  summary:
    "One question of a log of your own: is skipping worth it? (bench --data LOG asks it too)",
  title: "Is skipping worth it?",
  suite: "never",
  flags: FLAGS,
  async run(settings): Promise<Findings> {
    const wanted = wantedOf(settings);
    // Wrong names of machines are found before anything is trained.
    const places = await simulatedPlaces(settings.machine);
    const { log, ran } = await train(settings, wanted);
    settings.say("reading the log once more, for its profile");
    const profile = await profileLog(log, settings);
    settings.say(`simulating the runs on ${places.length} machines`);
    const { trained, compared, refused, leftOut, secondsASeed } = ran;
    const known = placesOf(hereOf(settings), places, settings.smoke ? SMOKE.draws : DRAWS);
    const candidates = candidatesOf(trained, compared, known);
    const answer: Answer = {
      ...{ candidates, refused, leftOut, secondsASeed },
      ...{
        log: log.label,
        inputs: log.train,
        cut: log.limit !== null,
        seedsAsked: wanted.seeds,
        budget: minutesOf(settings),
      },
    };
    const verdicts = verdictOf(answer);
    return {
      headline: verdicts[0]!,
      ...(candidates.length === 0 ? {} : { tradeoff: firstChart(trained, known) }),
      tables: [
        variantTable(trained),
        ...(candidates.length === 0 ? [] : [savingTable(candidates), lessTable(candidates)]),
        logTable(log, profile),
      ],
      figures: candidates.length === 0 ? [] : [savingFigure(trained, known)],
      samples: trained.results.names.filter((name) => trained.results.of(name).length > 0)
        .map((name) => aucSample(trained, name)),
      device: deviceOf([trained]),
      verdicts,
      notes: notesOf(candidates.length),
    };
  },
});

/** Minutes that the answer may take; null for no limit. */
function minutesOf({ budget, full }: Pick<WorthSettings, "budget" | "full">): number | null {
  return budget ?? (full ? null : BUDGET_MINUTES);
}

/** What is asked for, checked. */
function wantedOf({ data, variants, batch, seeds, budget, full, smoke }: WorthSettings): Wanted {
  if (data.length === 0) {
    throw new UsageError(
      "Cannot ask whether skipping is worth it: no log is given; --data names its files",
    );
  }
  if (data.some((path) => path.startsWith("twin:"))) {
    throw new UsageError(
      `Cannot ask whether skipping is worth it on ${
        data.join(" ")
      }: it is a twin and no log; deno task bench frontier --workloads asks of twins`,
    );
  }
  if (batch.length > 1) {
    throw new UsageError(`Cannot use --batch ${batch.join("-")}: all is trained with one size`);
  }
  for (const words of variants) {
    if (drops(findPlan(variantOf(words).plan.name)) && !words.startsWith("random-drop")) continue;
    throw new UsageError(
      `Cannot ask whether ${words} is worth it: it skips nothing that has stopped moving; slipstream and freeze do`,
    );
  }
  return {
    skipping: variants.length > 0 ? variants : smoke ? SKIPPING.slice(0, 1) : SKIPPING,
    batch: batch[0] ?? workloadSettings("log-").batch,
    seeds: seeds ?? (smoke ? SMOKE.seeds : null),
    seconds: trainingSeconds(minutesOf({ budget, full })),
  };
}

/** Trains on as much of the log as the time allows, which its first run tells. */
async function train(
  settings: WorthSettings,
  wanted: Wanted,
): Promise<{ readonly log: AskedLog; readonly ran: Ran }> {
  settings.say(`reading ${settings.data.join(", ")}`);
  const first = await openFirst(settings);
  await profileLog(first, settings);
  const inputs = await affordableInputs(first, settings, wanted);
  const log = inputs < first.train || first.limit !== null
    ? await openRows(settings, Math.ceil(inputs * first.all / first.train))
    : first;
  settings.say(
    `${log.label}: ${formatCount(log.train)} inputs train${
      log.limit === null ? "" : `, of the first ${formatCount(log.limit)} rows`
    }, ${formatCount(log.test)} test; minibatches of ${wanted.batch}`,
  );
  using trainer = await LogTrainer.open(log, settings, wanted.batch);
  return { log, ran: await trainWithin(log, trainer, wanted) };
}

/** How many inputs the time is enough for, by the first run on the first rows. */
async function affordableInputs(
  first: AskedLog,
  settings: WorthSettings,
  { batch, seconds }: Wanted,
): Promise<number> {
  if (settings.smoke) return Math.min(first.train, SMOKE.inputs);
  using trainer = await LogTrainer.open(first, settings, batch);
  const outcome = await trainer.run(1, WHOLE, () => "[first run]");
  if (outcome.kind !== "done") {
    throw new UserError(outcome.kind === "failed" ? outcome.why : outcome.refusal.why);
  }
  // The same after an interruption, so that it is the same inputs that go on being trained.
  const pace = { inputs: first.train, seconds: AROUND * secondsOf(outcome.result) };
  const available = first.limit === null ? first.train : Infinity;
  return chooseInputs(pace, { available, variants: NEEDED, seconds });
}

/** What computes here. */
function hereOf({ threads }: WorthSettings): string {
  const { cpu_model, cpus } = currentEnvironment();
  return `${cpu_model ?? "this machine"}, ${counted(threads ?? cpus, "thread")}`;
}

function notesOf(candidates: number): string[] {
  return [
    ...(candidates > 1
      ? [
        `The first of the ${candidates} ways of skipping is the best by these same runs, which flatters it a little; stars and "shown" are corrected for that`,
      ]
      : []),
    "fae and baseline are stopped after one or two budgets of their inputs, each time with the learning rate fitted to that length; between these points and all inputs lie straight lines, by seed",
    "Time here is that of training: reading the log, counting accesses and evaluating are outside",
    `Predicted times are of the minibatches as they were trained here, each GPU with as many inputs as a minibatch had; ranges hold 90 % of ${DRAWS} draws of all that is uncertain of machine and software, and are no confidence intervals`,
    "Means over seeds with 95 % intervals (Student's t); differences are paired by seed. A star: other than zero with all differences of the column tested together (Holm, 5 %) and three seeds or more. Smallest visible: the true difference beside training on less that these seeds would have shown, so tested, with a probability of 80 %",
    "All seeds train and test on the same rows, and differ in initial weights and order: intervals say nothing of other rows",
  ];
}
