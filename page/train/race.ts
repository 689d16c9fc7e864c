/**
 * The two runs of the page: `fae`, which trains every input, and the plan beside it, from one seed and in equal time.
 *
 * @module
 */

import { openDataset } from "../../data/open.ts";
import { materialise } from "../../data/materialised.ts";
import type { Dataset } from "../../data/types.ts";
import { openDevice } from "../../kernels/open.ts";
import type { Device } from "../../kernels/types.ts";
import { openDriver } from "../../train/plan/open_driver.ts";
import type { PlanName } from "../../train/plan/plans.ts";
import { type RunSetup, setUpRun } from "../../train/run/setup.ts";
import { resolveRun } from "../../train/run/settings.ts";
import { inputShapeOf } from "../../train/plan/options.ts";
import { RunClock } from "./clock.ts";
import { REDUCTIONS, runOptionsOf, sourceOf, type TrainForm } from "./form.ts";
import type { RunNumber, TrainEvent } from "./messages.ts";
import { TimedDriver } from "./timed_driver.ts";
import { Turns } from "./turns.ts";

/** What both runs need. */
export interface RaceOptions {
  readonly form: TrainForm;
  readonly paused: boolean;
  readonly tell: (event: TrainEvent) => void;
  /** Opens the device that both train on; it is disposed of with the race. A GPU by default. */
  readonly openDevice?: () => Promise<Device>;
}

/** Two runs that are on. */
export class Race {
  readonly #options: RaceOptions;
  readonly #clocks = [new RunClock(), new RunClock()] as const;
  readonly #turns = new Turns(this.#clocks);

  constructor(options: RaceOptions) {
    this.#options = options;
    if (options.paused) this.#turns.pause();
  }

  /** Both runs stop before their next minibatch. */
  pause(): void {
    this.#turns.pause();
  }

  /** Both runs go on. */
  resume(): void {
    this.#turns.resume();
  }

  /** Each run trains one minibatch. */
  step(): void {
    this.#turns.step();
  }

  /**
   * Draws the inputs, opens the device, and trains both runs to their ends.
   *
   * @throws {UserError} As `setUpRun` and `train` do.
   */
  async run(): Promise<void> {
    const { form, tell } = this.#options;
    using owned = new DisposableStack();
    tell({ kind: "preparing", what: "Looking for a GPU", share: null });
    const device = owned.use(await (this.#options.openDevice ?? openGpu)());
    const { name, isFallbackAdapter } = device.info;
    tell({ kind: "adapter", adapter: { name, isFallbackAdapter } });
    const dataset = await this.#draw();
    owned.defer(() => dataset.close());
    const plans: readonly PlanName[] = ["fae", form.plan];
    tell({ kind: "preparing", what: "Compiling kernels", share: null });
    const setups: RunSetup[] = [];
    for (const plan of plans) setups.push(owned.use(await this.#setUp(plan, dataset, device)));
    const { shape, hotSet } = setups.find(({ hotSet }) => hotSet !== null) ?? setups[0]!;
    tell({
      kind: "ready",
      lookups: inputShapeOf(dataset.schema).lookups,
      rows: shape.tableRows.reduce((sum, rows) => sum + rows, 0),
      hotRows: hotSet?.rows.total ?? 0,
    });
    await Promise.all(setups.map((setup, run) => this.#train(setup, run as RunNumber, device)));
  }

  /** The inputs in memory: both runs read them, and a GPU would wait for a generator. */
  async #draw(): Promise<Dataset> {
    const { form, tell } = this.#options;
    const { maxIndexRange } = REDUCTIONS[form.workload][form.size];
    const { data } = resolveRun(runOptionsOf(form, "fae"));
    const seed = "seed" in data ? data.seed : undefined;
    const twin = await openDataset({
      data: [sourceOf(form)],
      maxIndexRange,
      ...(seed === undefined ? {} : { seed }),
    });
    try {
      return await materialise(twin, {
        onProgress: ({ done, total }) =>
          tell({ kind: "preparing", what: "Drawing clicks", share: done / total }),
      });
    } finally {
      twin.close();
    }
  }

  async #setUp(plan: PlanName, dataset: Dataset, device: Device): Promise<RunSetup> {
    const { form } = this.#options;
    const options = runOptionsOf(form, plan);
    const setup = await setUpRun({
      ...options,
      data: dataset,
      device: { ...options.device, open: { device, host: null } },
    });
    await setup.model.initialise(form.seed);
    return setup;
  }

  async #train(setup: RunSetup, run: RunNumber, device: Device): Promise<void> {
    const { form, tell } = this.#options;
    const clock = this.#clocks[run], turns = this.#turns;
    const { plan } = resolveRun(runOptionsOf(form, run === 0 ? "fae" : form.plan));
    const { hotSet } = setup;
    const parts = { run, form, clock, turns, device, hotRows: hotSet?.rows ?? null, tell };
    const result = await setup.train({
      driver: (driverParts) =>
        new TimedDriver(
          (inner) => openDriver(inner, plan, hotSet, {}),
          driverParts,
          { ...parts, watches: run === 1 },
        ),
    }, {
      onProgress: ({ phase, step, loss }) => {
        if (phase !== "train" || loss === null) return;
        tell({ kind: "loss", run, ms: clock.ms, step, loss });
      },
      onEvaluation: ({ metrics: { auc } }) => {
        tell({ kind: "evaluation", run, ms: clock.ms, auc });
      },
    });
    turns.leave(run);
    const { auc = null, logloss = null } = result.evaluations.at(-1)?.metrics ?? {};
    tell({ kind: "ended", run, summary: { losses: result.losses, auc, logloss } });
  }
}

async function openGpu(): Promise<Device> {
  return (await openDevice({ device: "webgpu" })).device;
}
