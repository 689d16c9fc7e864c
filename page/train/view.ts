/**
 * The pictures of the tab Train and the words beside them.
 *
 * @module
 */

/// <reference lib="dom" />

import { PLANS } from "../../train/plan/plans.ts";
import { element } from "../dom.ts";
import { curvePicture } from "./curve_picture.ts";
import type { TrainForm } from "./form.ts";
import { type Lane, lane } from "./lanes.ts";
import { linesPicture, smoothed } from "./lines_picture.ts";
import { RowsPicture } from "./rows_picture.ts";
import { USUAL_DOMAIN, widened } from "./scale.ts";
import { percent, raceSentence, statusSentence, takesMean } from "./sentences.ts";
import type { TrainState } from "./state.ts";

const CURVE_HEIGHT = 132, CHART_HEIGHT = 190;
/** Readings that a point of the loss is the mean of. */
const SMOOTHED = 16;

/** Shows states, one after another. */
export class TrainView {
  readonly element: HTMLElement;
  readonly #status = element("p", { class: "verdict", id: "train-status", "aria-live": "polite" });
  readonly #bar = element("progress", { class: "preparing", max: 1, hidden: true });
  readonly #canvas = element("canvas", { class: "rows", role: "img" });
  readonly #rows: RowsPicture;
  readonly #rowsNote = element("p", {});
  readonly #curve = element("div", { class: "picture", role: "img" });
  readonly #curveNote = element("p", {});
  readonly #lanes: readonly [Lane, Lane] = [lane("fae"), lane("own")];
  readonly #raceNote = element("p", {});
  readonly #auc = element("div", { class: "picture", role: "img" });
  readonly #loss = element("div", { class: "picture", role: "img" });
  #domain: readonly [number, number] = USUAL_DOMAIN;
  #shown: TrainState | null = null;
  /** What the curve was drawn of. */
  #drawnCurve: readonly unknown[] = [];
  #form: TrainForm;

  constructor(form: TrainForm) {
    this.#form = form;
    this.#rows = new RowsPicture(this.#canvas, {
      scores: new Float32Array(0),
      threshold: null,
      decided: null,
      domain: this.#domain,
    });
    this.element = element(
      "div",
      { class: "pictures" },
      this.#status,
      this.#bar,
      figure("How far rows move", this.#canvas, this.#rowsNote),
      figure("How many clicks that lets go", this.#curve, this.#curveNote),
      figure(
        "Same seed, same time",
        element("div", { class: "lanes" }, ...this.#lanes.map((one) => one.element)),
        this.#raceNote,
      ),
      element(
        "div",
        { class: "charts" },
        figure(
          "AUC on clicks never trained",
          this.#auc,
          element(
            "p",
            {},
            "How well clicks are told from others: 0.5 is chance, higher is better.",
          ),
        ),
        figure(
          "Loss of the minibatches",
          this.#loss,
          element(
            "p",
            {},
            "Lower is better. The mean of the last readings, so that one can see it.",
          ),
        ),
      ),
    );
    new ResizeObserver(() => this.#shown !== null && this.show(this.#shown, this.#form, true))
      .observe(this.element);
  }

  /** Shows a state of runs that a form has asked for. */
  show(state: TrainState, form: TrainForm, whole = false): void {
    const before = whole ? null : this.#shown;
    this.#shown = state;
    this.#form = form;
    if (state.stage === "idle") this.#domain = USUAL_DOMAIN;
    setText(this.#status, statusSentence(state, form));
    this.#status.classList.toggle("error", state.stage === "failed");
    this.#showPreparing(state);
    if (before?.reading !== state.reading || before.decision !== state.decision) {
      this.#showRows(state, form);
    }
    for (const [i, { progress }] of state.runs.entries()) {
      if (before !== null && before.runs[i]!.progress === progress) continue;
      this.#lanes[i]!.show(i === 0 ? "fae" : form.plan, progress);
    }
    setText(this.#raceNote, raceSentence(state, form) ?? RACE_NOTE);
    if (before?.runs.some((run, i) => run.aucs !== state.runs[i]!.aucs) ?? true) {
      this.#chart(this.#auc, "AUC", lines(state, "aucs", 1), 3, form);
    }
    if (before?.runs.some((run, i) => run.losses !== state.runs[i]!.losses) ?? true) {
      this.#chart(this.#loss, "loss", lines(state, "losses", SMOOTHED), 3, form);
    }
  }

  #showPreparing({ preparing }: TrainState): void {
    this.#bar.hidden = preparing === null;
    if (preparing?.share == null) this.#bar.removeAttribute("value");
    else this.#bar.value = preparing.share;
  }

  #showRows(state: TrainState, form: TrainForm): void {
    const { reading, decision } = state;
    const scores = reading?.scores ?? new Float32Array(0);
    const thresholds = decision === null ? [] : [decision.threshold];
    const domain = this.#domain = widened(widened(this.#domain, scores), thresholds);
    this.#rows.show({
      scores,
      threshold: decision?.threshold ?? null,
      decided: decision?.scores ?? null,
      domain,
    });
    const rows = rowsWords(state, form);
    setText(this.#rowsNote, rows);
    this.#canvas.setAttribute("aria-label", rows);
    this.#showCurve(decision, domain);
    const words = curveWords(state, form);
    setText(this.#curveNote, words);
    this.#curve.setAttribute("aria-label", words);
  }

  /** Draws the curve if it is another one. */
  #showCurve(decision: TrainState["decision"], domain: readonly [number, number]): void {
    const width = this.#curve.clientWidth, drawn = [decision, ...domain, width];
    if (width === 0 || drawn.every((value, i) => value === this.#drawnCurve[i])) return;
    this.#drawnCurve = drawn;
    this.#curve.replaceChildren(curvePicture(decision, domain, width, CURVE_HEIGHT));
  }

  #chart(
    place: HTMLElement,
    what: string,
    drawn: Parameters<typeof linesPicture>[0],
    digits: number,
    { plan }: TrainForm,
  ): void {
    const width = place.clientWidth;
    if (width === 0) return;
    place.replaceChildren(linesPicture(drawn, width, CHART_HEIGHT, digits));
    const words = drawn.map(({ run, points }) => {
      const last = points.at(-1);
      const name = run === "fae" ? "fae" : plan;
      return last === undefined ? `${name}: none yet` : `${name}: ${last.value.toFixed(digits)}`;
    });
    place.setAttribute("aria-label", `${what} against seconds of training; ${words.join(", ")}`);
  }
}

const RACE_NOTE =
  "Both runs begin with the same weights and read the same clicks. They take turns on the GPU so that each has had the same time: who is farther to the right is faster.";

function lines(
  { runs: [fae, own] }: TrainState,
  of: "aucs" | "losses",
  over: number,
): Parameters<typeof linesPicture>[0] {
  return [
    { run: "fae", points: smoothed(fae[of], over) },
    { run: "own", points: smoothed(own[of], over) },
  ];
}

/** What one sees of the rows. */
function rowsWords({ reading, decision }: TrainState, { criterion }: TrainForm): string {
  const over = reading === null ? "" : ` over the last ${reading.minibatches} minibatches`;
  const what = criterion === "paper"
    ? `Each dot is one embedding row, placed by how far it moved${over}: left is still, right is restless.`
    : `Each dot is one embedding row, placed by its score under ${criterion}${over}: left is stale.`;
  if (reading === null) {
    return `${what} A row is the list of numbers that stands for one user, item or category.`;
  }
  if (decision === null) {
    return `${what} Rows at the far left, under “unused”, were not looked up meanwhile, so nothing is known of them.`;
  }
  return `${what} When the window closed, blue rows were left of T and orange ones right of it; grey ones had not been looked up. The dots go on moving: see whether the blue ones stay left, and whether orange ones follow.`;
}

/** What one sees of the drop curve. */
function curveWords(
  { decision, lookups }: TrainState,
  { plan, criterion }: TrainForm,
): string {
  const { decides, freezes } = PLANS[plan];
  if (!decides) return `Not drawn for ${plan}, which looks for no threshold T.`;
  if (freezes) {
    return decision === null
      ? "Drawn when the plan decides: the share of hot clicks' lookups whose rows each threshold T would freeze."
      : `At this T, ${percent(decision.share)} of the hot clicks' lookups are of frozen rows.`;
  }
  const mean = takesMean(criterion);
  if (decision === null) {
    return `Drawn when the plan decides: the share of hot clicks that each threshold T would skip. ${
      mean
        ? "A click is skipped if the mean score of its rows lies below T."
        : "One row that still moves is enough to keep a click."
    }`;
  }
  const rule = mean
    ? `A click uses ${lookups} rows, and is skipped if their mean score lies below T. At this T, ${
      percent(decision.share)
    } of the hot clicks are.`
    : `A click uses ${lookups} rows, and one that still moves is enough to keep it. At this T, ${
      percent(decision.share)
    } of the hot clicks use still rows alone.`;
  return `${rule} A larger T would skip more, and some of those rows would still be learning.`;
}

function figure(title: string, picture: HTMLElement, words: HTMLElement): HTMLElement {
  return element(
    "figure",
    { class: "explained" },
    element("figcaption", {}, element("h3", {}, title), words),
    picture,
  );
}

/** Only a text that is new is spoken by screen readers. */
function setText(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}
