/**
 * The tab Measure: each kernel on the visitor's own GPU, beside what that GPU reaches.
 *
 * @module
 */

/// <reference lib="dom" />

import type { BenchDocument } from "../bench/report.ts";
import { formatSealed } from "../core/json_file.ts";
import { formatSi } from "../core/format.ts";
import { element } from "./dom.ts";
import { missingGpu } from "./gpu_advice.ts";
import type { MeasureEvent, ShownKernel, ShownLimits } from "./measure/messages.ts";
import { roofline } from "./measure/roofline.ts";
import { scrolling } from "./table.ts";
import { startWorker, workerFailure } from "./worker.ts";

/** Fills the tab. */
export function mountMeasure(panel: HTMLElement): void {
  new MeasureTab(panel);
}

const ROOFLINE_HEIGHT = 340;
/** Rows of a table that any GPU holds: the tables take half a gigabyte. */
const FEW_ROWS = 1_000_000;

class MeasureTab {
  readonly #tables = element(
    "select",
    { id: "measure-tables" },
    element("option", { value: `${FEW_ROWS}` }, "up to 1,000,000 rows each (0.5 GB)"),
    element("option", { value: "" }, "published sizes (2.2 GB)"),
  );
  readonly #start = action("Measure", "primary");
  readonly #save = action("Save kernels.json");
  readonly #status = element("p", { class: "verdict", "aria-live": "polite" }, INTRODUCTION);
  readonly #bar = element("progress", { class: "preparing", max: 1, hidden: true });
  readonly #result = element("div", { id: "measure-result" });
  #worker: Worker | null = null;
  #document: BenchDocument | null = null;

  constructor(panel: HTMLElement) {
    this.#save.disabled = true;
    panel.append(
      element("h2", {}, "How fast is this GPU, and how near do our kernels come?"),
      element("p", { class: "lede" }, LEDE),
      element(
        "form",
        { class: "form" },
        element("label", { for: "measure-tables" }, "Embedding tables", this.#tables),
      ),
      element("div", { class: "buttons" }, this.#start, this.#save),
      this.#status,
      this.#bar,
      this.#result,
      howToCompare(),
    );
    this.#start.addEventListener("click", () => {
      if (this.#worker === null) this.#begin();
      else this.#end("Stopped.");
    });
    this.#save.addEventListener("click", () => this.#saveDocument());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.#worker !== null) this.#end(HIDDEN);
    });
    panel.querySelector("form")!.addEventListener("submit", (event) => event.preventDefault());
  }

  #begin(): void {
    const worker = this.#worker = startWorker();
    this.#start.textContent = "Stop";
    worker.addEventListener("message", ({ data }: MessageEvent<MeasureEvent>) => {
      if (worker === this.#worker) this.#take(data);
    });
    worker.addEventListener("error", (event) => {
      if (worker === this.#worker) this.#take({ kind: "failed", message: workerFailure(event) });
    });
    missingGpu("measure").then((missing) => {
      if (worker !== this.#worker) return;
      if (missing !== null) return this.#take({ kind: "failed", message: missing });
      const { value } = this.#tables;
      worker.postMessage({ kind: "measure", maxRows: value === "" ? null : Number(value) });
    });
  }

  #end(status: string, failed = false): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#start.textContent = "Measure";
    this.#bar.hidden = true;
    this.#status.textContent = status;
    this.#status.classList.toggle("error", failed);
  }

  #take(event: MeasureEvent): void {
    switch (event.kind) {
      case "measuring": {
        const { what, share } = event;
        if (this.#status.textContent !== `${what} …`) this.#status.textContent = `${what} …`;
        this.#bar.hidden = false;
        if (share === null) this.#bar.removeAttribute("value");
        else this.#bar.value = share;
        break;
      }
      case "failed":
        this.#end(event.message, true);
        break;
      case "measured": {
        const { document, kernels, limits } = event;
        this.#document = document;
        this.#save.disabled = false;
        this.#end(found(document, kernels, limits));
        this.#show(kernels, limits);
      }
    }
  }

  #show(kernels: readonly ShownKernel[], limits: ShownLimits | null): void {
    const picture = element("div", { class: "picture roofline", role: "img" });
    if (limits !== null) {
      const draw = (): void => {
        const width = Math.min(picture.clientWidth, 760);
        if (width > 0) {
          picture.replaceChildren(roofline(kernels, limits, width, ROOFLINE_HEIGHT));
        }
      };
      new ResizeObserver(draw).observe(picture);
      picture.setAttribute(
        "aria-label",
        "Roofline of all kernels; the table below has the numbers",
      );
    }
    this.#result.replaceChildren(
      ...limits === null ? [] : [
        element(
          "figure",
          { class: "explained" },
          element(
            "figcaption",
            {},
            element("h3", {}, "Every kernel under its roof"),
            element("p", {}, ROOF),
          ),
          picture,
        ),
      ],
      kernelTable(kernels),
    );
  }

  #saveDocument(): void {
    if (this.#document === null) return;
    const blob = new Blob([formatSealed(this.#document)], { type: "application/json" });
    const href = URL.createObjectURL(blob);
    element("a", { href, download: "kernels.json" }).click();
    // The download has begun by then.
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }
}

const LEDE =
  "Every kernel of a training step runs by itself at the sizes of the published models. Beside its time stands what this GPU could do at best: the faster of its arithmetic and its memory, measured with the same kernels and not taken from a data sheet.";
const INTRODUCTION =
  "Press Measure: it takes about a minute on a GPU that has nothing else to do, so pause Train.";
const HIDDEN =
  "Stopped, since the tab was hidden: a hidden tab is slowed down and its times mean nothing.";
const ROOF =
  "A kernel that computes little for each byte is held back by memory: it lies under the slope. One that computes much is held back by arithmetic: it lies under the flat part. The nearer a dot is to its roof, the less is left to gain. The dashed slope is memory that caches hold.";

/** What to do with the saved file. */
function howToCompare(): HTMLElement {
  return element(
    "p",
    { class: "aside" },
    "Nothing is sent anywhere. Put the saved file into a folder of its own: ",
    element("code", {}, "deno task bench report FOLDER"),
    " makes a page of it, and ",
    element("code", {}, "deno task bench compare FOLDER OTHER"),
    " sets it beside another measurement with the same tables.",
  );
}

/** What was found, in a sentence or two. */
function found(
  { device, seconds }: BenchDocument,
  kernels: readonly ShownKernel[],
  limits: ShownLimits | null,
): string {
  const name = device?.name ?? "This GPU";
  if (limits === null) {
    return `${name} is a software adapter: all ${kernels.length} kernels ran, and their speed says nothing of a GPU.`;
  }
  const shares = kernels.flatMap(({ share }) => share ?? []).sort((a, b) => a - b);
  const median = shares[shares.length >> 1] ?? 0;
  return `${name} reaches ${formatSi(1e9 * limits.gflop_s)}FLOP/s and ` +
    `${formatSi(1e9 * limits.gb_s)}B/s. Half of the ${kernels.length} kernels come to ` +
    `${Math.round(100 * median)} % of their limit or more (${Math.round(seconds)} s).`;
}

function kernelTable(kernels: readonly ShownKernel[]): HTMLElement {
  const number = (value: number | null, digits: number) =>
    element("td", { class: "number" }, value === null ? "–" : value.toFixed(digits));
  const heads = ["kernel", "shape", "time, µs", "GFLOP/s", "GB/s", "of its limit, %", "bound by"];
  return scrolling(
    "Kernels",
    element(
      "table",
      { id: "measure-kernels" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          ...heads.map((head, i) =>
            element("th", { scope: "col", class: i >= 2 && i < 6 ? "number" : null }, head)
          ),
        ),
      ),
      element(
        "tbody",
        {},
        ...kernels.map(({ op, shape, us, gflop_s, gb_s, share, by }) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, op),
            element("td", {}, shape),
            number(us, 1),
            number(gflop_s, 1),
            number(gb_s, 1),
            number(share === null ? null : 100 * share, 0),
            element("td", {}, by ?? "–"),
          )
        ),
      ),
    ),
  );
}

function action(text: string, kind = ""): HTMLButtonElement {
  return element("button", { type: "button", class: `action ${kind}`.trim() }, text);
}
