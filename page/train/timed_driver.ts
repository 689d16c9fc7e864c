/**
 * A plan's driver that trains in turns, keeps the time of training alone, and tells the page how far the run is.
 *
 * @module
 */

import type { Device } from "../../kernels/types.ts";
import type {
  DriverParts,
  DriverState,
  PlanDriver,
  PlannedMinibatch,
} from "../../train/plan/driver.ts";
import type { Decision, PlanDocument } from "../../train/plan/document.ts";
import { readRowNumbers } from "../../train/plan/row_numbers.ts";
import { findCriterion } from "../../train/plan/criterion.ts";
import type { HotRows } from "../../train/plan/hot_rows.ts";
import type { RunClock } from "./clock.ts";
import type { TrainForm } from "./form.ts";
import type { RunNumber, StalenessDecision, TrainEvent } from "./messages.ts";
import { MovingRows, RowChoice, withoutUnknown } from "./row_watch.ts";
import type { Turns } from "./turns.ts";

/** Rows in the picture. */
const WATCHED = 480;
/** Minibatches over which movement is shown where a plan has no window. */
const USUAL_WINDOW = 20;
/** Milliseconds between two reports of progress. */
const REPORT_MS = 80;

/** What a run is driven with besides its plan. */
export interface RunParts {
  readonly run: RunNumber;
  readonly form: TrainForm;
  readonly clock: RunClock;
  readonly turns: Turns;
  readonly device: Device;
  /** Null for plans that have none. */
  readonly hotRows: HotRows | null;
  /** Whether rows are watched and decisions told. */
  readonly watches: boolean;
  readonly tell: (event: TrainEvent) => void;
}

/** Wraps the driver of a plan; rows lie on the device alone. */
export class TimedDriver implements PlanDriver {
  readonly #inner: PlanDriver;
  readonly #parts: RunParts;
  readonly #driverParts: DriverParts;
  readonly #flatRows: Uint32Array | null;
  readonly #hotNumbers: ReadonlyMap<number, number>;
  #choice: RowChoice | null = null;
  #moving: MovingRows | null = null;
  #begun = false;
  #step = 0;
  #trained = 0;
  #skipped = 0;
  #decisions = 0;
  #reported = -Infinity;
  #phase: PlannedMinibatch["kind"] = "all";

  /** @param open Opens the plan's own driver. */
  constructor(open: (parts: DriverParts) => PlanDriver, driverParts: DriverParts, parts: RunParts) {
    const { clock, hotRows, watches } = parts;
    const { hooks } = driverParts;
    this.#parts = parts;
    this.#driverParts = driverParts;
    this.#inner = open({
      ...driverParts,
      hooks: {
        ...hooks,
        measureLoss: async (inputs) => {
          // The clock stood while the loss was measured: see `settle`.
          const loss = await hooks.measureLoss(inputs);
          clock.start();
          return loss;
        },
      },
    });
    this.#flatRows = watches ? hotRows?.flatRows() ?? null : null;
    this.#hotNumbers = new Map(Array.from(this.#flatRows ?? [], (row, h) => [row, h]));
    if (watches) {
      const isHot = (row: number) => this.#flatRows === null || this.#hotNumbers.has(row);
      this.#choice = new RowChoice(WATCHED, isHot);
    }
  }

  get total(): number {
    return this.#inner.total;
  }

  get done(): number {
    return this.#inner.done;
  }

  get minibatches(): number {
    return this.#inner.minibatches;
  }

  async next(): Promise<PlannedMinibatch | null> {
    const { clock, turns, run, device } = this.#parts;
    if (turns.isOver(run)) {
      if (this.#begun) await device.sync();
      clock.stop();
      await turns.take(run);
    }
    clock.start();
    const planned = await this.#inner.next();
    this.#begun = true;
    if (this.#parts.watches) await this.#tellDecision();
    return planned;
  }

  async trained(planned: PlannedMinibatch): Promise<void> {
    await this.#inner.trained(planned);
    if (this.#step === 0) await this.#leaveOutBeginning();
    this.#step++;
    this.#trained += planned.batch.size;
    this.#skipped += planned.skipped;
    if (this.#parts.watches) {
      await this.#tellDecision();
      await this.#watch(planned);
    }
    this.#phase = planned.kind;
    const now = performance.now();
    if (now - this.#reported < REPORT_MS && !this.#parts.turns.isOver(this.#parts.run)) return;
    this.#reported = now;
    this.#report();
  }

  async settle(): Promise<void> {
    await this.#inner.settle();
    // What comes is an evaluation, or the end.
    this.#parts.clock.stop();
    this.#report();
  }

  document(): PlanDocument {
    return this.#inner.document();
  }

  fields(): Readonly<Record<string, string>> {
    return this.#inner.fields();
  }

  state(): Promise<DriverState> {
    return this.#inner.state();
  }

  async restore(state: DriverState): Promise<void> {
    await this.#inner.restore(state);
  }

  dispose(): void {
    this.#inner.dispose();
  }

  /**
   * The first minibatch is behind: the paper tells hot inputs from cold ones before training and does not count it, and a
   * browser compiles kernels when they first run.
   */
  async #leaveOutBeginning(): Promise<void> {
    const { clock, device } = this.#parts;
    await device.sync();
    clock.reset();
  }

  #report(): void {
    const { clock, run, tell } = this.#parts;
    tell({
      kind: "progress",
      run,
      progress: {
        ms: clock.ms,
        step: this.#step,
        trained: this.#trained,
        skipped: this.#skipped,
        total: this.total,
        phase: this.#phase,
      },
    });
  }

  /** Reads the watched rows when it is time to; the clock stands meanwhile. */
  async #watch({ lookups }: PlannedMinibatch): Promise<void> {
    const { clock, form, device, tell } = this.#parts;
    if (this.#choice !== null) {
      const rows = this.#choice.add(lookups);
      if (rows === null) return;
      this.#choice = null;
      const { window } = this.document().options;
      const over = typeof window === "number" && window > 0 ? window : USUAL_WINDOW;
      this.#moving = new MovingRows(rows, over, form.criterion);
      tell({ kind: "watching", rows: rows.length });
    }
    const moving = this.#moving!;
    moving.count(lookups);
    if (this.#step % moving.every !== 0) return;
    await device.sync();
    clock.stop();
    const { tables } = this.#driverParts.model;
    const reads = findCriterion(form.criterion).reads ?? [];
    const reading = await moving.read(
      this.#step,
      (rows) => tables.readRowsAt(rows),
      (rows) => readRowNumbers(tables, rows, reads),
    );
    if (reading !== null) tell({ kind: "reading", reading });
    clock.start();
  }

  async #tellDecision(): Promise<void> {
    const { decisions } = this.document(), decision = decisions.at(-1);
    if (decision === undefined || decisions.length === this.#decisions) return;
    this.#decisions = decisions.length;
    const { clock, tell } = this.#parts;
    clock.stop();
    const scores = (await this.#inner.state()).tensors.get("scores");
    const own = new Float32Array(this.#moving?.rows.length ?? 0).fill(NaN);
    this.#moving?.rows.forEach((row, i) => {
      const hot = this.#hotNumbers.get(row);
      if (hot !== undefined && scores !== undefined) own[i] = scores[hot]!;
    });
    tell({ kind: "decision", decision: toldDecision(decision, withoutUnknown(own)) });
    clock.start();
  }
}

function toldDecision(decision: Decision, scores: Float32Array): StalenessDecision {
  const { threshold, target, share, note, window, curve, tables } = decision;
  const total = (of: (table: Decision["tables"][number]) => number) =>
    tables.reduce((sum, table) => sum + of(table), 0);
  return {
    ...{ threshold, target, share, note, curve, scores },
    window: window.to - window.from,
    rows: {
      hot: total(({ hot }) => hot),
      touched: total(({ touched }) => touched),
      stale: total(({ stale }) => stale),
    },
  };
}
