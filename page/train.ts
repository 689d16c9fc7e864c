/**
 * The tab Train: two small models train side by side on the visitor's own GPU.
 *
 * @module
 */

/// <reference lib="dom" />

import { element } from "./dom.ts";
import { missingGpu } from "./gpu_advice.ts";
import { trainControls } from "./train/controls.ts";
import { commandOf, type TrainForm } from "./train/form.ts";
import type { TrainEvent, TrainRequest } from "./train/messages.ts";
import { afterEvent, IDLE, type TrainState } from "./train/state.ts";
import { TrainView } from "./train/view.ts";
import { startWorker, workerFailure } from "./worker.ts";

/** Fills the tab. */
export function mountTrain(panel: HTMLElement): void {
  new TrainTab(panel);
}

/** What the visitor has asked for last. */
type Wish = "run" | "pause" | "step";

class TrainTab {
  readonly #controls = trainControls();
  readonly #view: TrainView;
  readonly #start = button("Start", "primary");
  readonly #step = button("Step");
  readonly #restart = button("Restart");
  readonly #hidden = element("p", { class: "aside waits", hidden: true }, HIDDEN);
  readonly #commands = element("div", {});
  #worker: Worker | null = null;
  #state: TrainState = IDLE;
  #form: TrainForm = this.#controls.read();
  #wish: Wish = "pause";
  #frame: number | null = null;

  constructor(panel: HTMLElement) {
    this.#view = new TrainView(this.#form);
    panel.append(
      element("h2", {}, "Watch rows fall still"),
      element("p", { class: "lede" }, LEDE),
      this.#controls.element,
      element("div", { class: "buttons" }, this.#start, this.#step, this.#restart),
      this.#hidden,
      this.#view.element,
      element(
        "details",
        {},
        element("summary", {}, "The same two runs from a command line, and their first losses"),
        this.#commands,
      ),
    );
    this.#start.addEventListener("click", () => this.#toggle());
    this.#step.addEventListener("click", () => this.#ask("step"));
    this.#restart.addEventListener("click", () => this.#begin());
    this.#controls.element.addEventListener("change", () => this.#end());
    this.#controls.element.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", () => this.#notice());
    this.#show();
  }

  #toggle(): void {
    if (this.#worker === null) this.#begin();
    else this.#ask(this.#wish === "run" ? "pause" : "resume");
  }

  /** Begins anew, whatever is on: a worker that is ended gives all its memory back. */
  #begin(wish: Wish = "run"): void {
    this.#end();
    this.#wish = wish;
    const worker = this.#worker = startWorker();
    worker.addEventListener("message", ({ data }: MessageEvent<TrainEvent>) => {
      if (worker === this.#worker) this.#take(data);
    });
    worker.addEventListener("error", (event) => {
      if (worker === this.#worker) this.#take({ kind: "failed", message: workerFailure(event) });
    });
    missingGpu("train").then((missing) => {
      if (worker !== this.#worker) return;
      if (missing !== null) return this.#take({ kind: "failed", message: missing });
      const paused = document.hidden || this.#wish !== "run";
      this.#send({ kind: "start", form: this.#form, paused });
      if (this.#wish === "step") this.#send({ kind: "step" });
    });
    this.#take({ kind: "preparing", what: "Looking for a GPU", share: null });
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#wish = "pause";
    this.#state = IDLE;
    this.#form = this.#controls.read();
    this.#show();
  }

  #ask(kind: "pause" | "resume" | "step"): void {
    if (this.#worker === null) return this.#begin(kind === "resume" ? "run" : kind);
    this.#wish = kind === "resume" ? "run" : kind;
    this.#send({ kind });
    this.#show();
  }

  #send(request: TrainRequest): void {
    this.#worker?.postMessage(request);
  }

  /** A page that nobody sees does not train: its time would not be that of one which is seen. */
  #notice(): void {
    const waits = document.hidden && this.#worker !== null && this.#wish === "run";
    if (waits) this.#send({ kind: "pause" });
    else if (!document.hidden && this.#wish === "run") this.#send({ kind: "resume" });
    this.#hidden.hidden = !waits;
  }

  #take(event: TrainEvent): void {
    this.#state = afterEvent(this.#state, event);
    if (event.kind === "failed") {
      this.#worker?.terminate();
      this.#worker = null;
      this.#wish = "pause";
    }
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#show();
    });
  }

  #show(): void {
    const { stage, runs } = this.#state;
    this.#view.show(this.#state, this.#form);
    const on = this.#worker !== null && stage !== "ended";
    this.#start.textContent = !on ? "Start" : this.#wish === "run" ? "Pause" : "Go on";
    this.#step.disabled = stage === "ended" || stage === "preparing";
    this.#restart.disabled = this.#worker === null;
    if (stage === "ended") this.#start.disabled = true;
    else this.#start.disabled = false;
    const lines = (["fae", this.#form.plan] as const).flatMap((plan, i) => [
      element("pre", {}, element("code", {}, commandOf(this.#form, plan))),
      firstLosses(runs[i]!.summary?.losses),
    ]);
    if (stage === "idle" || stage === "ended") this.#commands.replaceChildren(...lines);
  }
}

const LEDE =
  "A recommender keeps a row of numbers for every user, item and category. Each click moves the few rows that it uses, and those that most clicks use are soon where they belong. Slipstream finds the rows that have stopped moving, and skips the clicks that use no others.";
const HIDDEN = "Paused while this tab is in the background.";
/** Losses that are shown to be compared. */
const FIRST = 20;

function firstLosses(losses: Float32Array | undefined): HTMLElement {
  if (losses === undefined) {
    return element("p", { class: "aside losses" }, "Its losses stand here when it has ended.");
  }
  const first = Array.from(losses.slice(0, FIRST), (loss) => loss.toPrecision(9)).join(", ");
  return element("p", { class: "aside losses known" }, `Its first losses: ${first}`);
}

function button(text: string, kind = ""): HTMLButtonElement {
  return element("button", { type: "button", class: `action ${kind}`.trim() }, text);
}
