/**
 * The tab Ask: how long an epoch takes on another machine, under other systems, from the simulator.
 *
 * @module
 */

import { WORKLOAD_NAMES } from "../data/twin/workloads.ts";
import { GPU_MACHINE_NAMES, loadMachine } from "../sim/machine.ts";
import { multiHotTrace } from "../sim/multi_hot.ts";
import { loadPaperWorkload } from "../sim/paper/workloads.ts";
import type { Axis } from "../sim/sweep.ts";
import type { System } from "../sim/system.ts";
import { ALL_SYSTEMS, findSystem, USUAL_SYSTEMS } from "../sim/systems/mod.ts";
import type { CountedTrace } from "../sim/work.ts";
import { fileChooser, readOwnTrace } from "./ask/own_trace.ts";
import {
  answer,
  answerMap,
  commandOf,
  DRAWS,
  MAP_DRAWS,
  mapCommandOf,
  type Question,
} from "./ask/question.ts";
import { AXIS_LABELS, headline, mapTable, timeBars, timesTable, trafficTable } from "./ask/show.ts";
import { type Checkable, checkboxes, choice, labelled, numberInput } from "./controls.ts";
import { element, showError } from "./dom.ts";

/** The computed workload of many lookups an input. */
const MULTI_HOT = "mlperf-dcnv2";

/** Axes of the map by name. */
const AXES: Readonly<Record<string, Axis>> = {
  drop: { name: "drop", values: [0, 0.15, 0.3, 0.45] },
  hot_share: { name: "hot_share", values: [0.5, 0.7, 0.9] },
  pytorch_lookup_ns: { name: "pytorch_lookup_ns", values: [25, 40, 60, 100, 400] },
  "link.generation": { name: "link.generation", values: [3, 4, 5] },
};

const PERCENT = 100;

function checkable({ name, summary }: System): Checkable {
  return { word: name, about: summary };
}

/** Fills the tab. */
export function mountAsk(panel: HTMLElement): void {
  new AskPanel(panel).ask();
}

/** The form and the answers to what it says. */
class AskPanel {
  readonly #workload = choice("ask-workload", [...WORKLOAD_NAMES, MULTI_HOT], "rm2");
  readonly #machine = choice("ask-machine", GPU_MACHINE_NAMES, "v100x4");
  readonly #gpus = numberInput("ask-gpus", { min: 1, max: 4, value: 4 });
  readonly #drop = numberInput("ask-drop", { min: 0, max: PERCENT, step: "any", value: null });
  readonly #systems = checkboxes("ask-system", "Systems", {
    words: USUAL_SYSTEMS.map((name) => checkable(findSystem(name))),
    more: ALL_SYSTEMS.filter(({ name }) => !USUAL_SYSTEMS.includes(name)).map(checkable),
    checked: USUAL_SYSTEMS,
  });
  readonly #down = choice("ask-down", Object.keys(AXES), "drop", AXIS_LABELS);
  readonly #across = choice("ask-across", Object.keys(AXES), "pytorch_lookup_ns", AXIS_LABELS);
  readonly #title = element("p", { class: "meta" });
  readonly #note = element("div", { "aria-live": "polite" });
  readonly #headline = element("p", { id: "ask-headline", class: "headline", role: "status" });
  readonly #times = element("div", { id: "ask-times" });
  readonly #map = element("div", { id: "ask-map" });
  /** The visitor's own trace and its entry among the workloads. */
  #own: { readonly trace: CountedTrace; readonly entry: HTMLOptionElement } | null = null;
  /** Ends the answer that is being computed. */
  #abort = new AbortController();

  constructor(panel: HTMLElement) {
    const form = element(
      "form",
      { class: "form", "aria-label": "What is simulated" },
      labelled("Workload", this.#workload),
      labelled("Machine", this.#machine),
      labelled("GPUs", this.#gpus),
      labelled("Hot inputs skipped, % (empty: as in the trace)", this.#drop),
    );
    const mapForm = element(
      "form",
      { class: "form", "aria-label": "Axes of the map" },
      labelled("Down", this.#down),
      labelled("Across", this.#across),
    );
    panel.append(
      element("h2", {}, "What would an epoch take elsewhere?"),
      element(
        "p",
        {},
        "A simulator replays a counted epoch on a model of another machine. Nothing is trained, and no GPU is needed.",
      ),
      form,
      this.#title,
      fileChooser("ask-file", (file) => this.#read(file)),
      this.#systems.fieldset,
      this.#note,
      this.#headline,
      this.#times,
      element("h3", {}, "Which system is fastest where?"),
      mapForm,
      this.#map,
    );
    for (const one of [form, mapForm, this.#systems.fieldset]) {
      one.addEventListener("change", () => this.ask());
      one.addEventListener("submit", (event) => event.preventDefault());
    }
  }

  /** Answers what the form says now; an answer that is being computed is given up. */
  ask(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    for (const place of [this.#times, this.#map]) place.setAttribute("aria-busy", "true");
    this.#answer(signal).catch((error) => {
      if (signal.aborted) return;
      this.#headline.textContent = "";
      showError(this.#times, error);
      this.#map.replaceChildren();
    }).finally(() => {
      if (signal.aborted) return;
      for (const place of [this.#times, this.#map]) place.removeAttribute("aria-busy");
    });
  }

  async #answer(signal: AbortSignal): Promise<void> {
    const question = await this.#question();
    signal.throwIfAborted();
    const found = await answer(question, signal);
    signal.throwIfAborted();
    const simulated = found.results.map(({ system }) => system);
    this.#headline.textContent = headline(found);
    this.#times.replaceChildren(
      timeBars(found),
      timesTable(found),
      element(
        "p",
        { class: "meta" },
        `Predicted. Ranges hold 90 % of ${DRAWS} draws of all that is uncertain; speed-ups are over the first line. The same from the command line: `,
        // The command refuses systems that are left out here.
        element("code", {}, commandOf({ ...question, systems: simulated })),
      ),
      ...found.leftOut.map((why) => element("p", { class: "meta" }, `Left out: ${why}.`)),
      element("h3", {}, "What is moved"),
      trafficTable(found),
    );
    this.#times.removeAttribute("aria-busy");
    await this.#answerMap(question, signal);
  }

  async #answerMap(question: Question, signal: AbortSignal): Promise<void> {
    const axes = [AXES[this.#down.value]!, AXES[this.#across.value]!] as const;
    if (axes[0] === axes[1]) {
      this.#map.replaceChildren(element("p", {}, "Choose two different numbers for the map."));
      return;
    }
    try {
      const map = await answerMap(question, axes, signal);
      this.#map.replaceChildren(
        mapTable(map),
        element(
          "p",
          { class: "meta" },
          `Among systems that keep rows in host memory; the share is of ${MAP_DRAWS} draws a cell. The same from the command line: `,
          element("code", {}, mapCommandOf(question, axes)),
        ),
      );
    } catch (error) {
      if (!signal.aborted) showError(this.#map, error);
    }
  }

  async #question(): Promise<Question> {
    const machine = this.#machine.value;
    const { title, gpu } = await loadMachine(machine), most = gpu.count.value;
    this.#title.textContent = `${machine}: ${title}`;
    this.#gpus.max = `${most}`;
    if (this.#gpus.valueAsNumber > most) this.#gpus.value = `${most}`;
    const drop = this.#drop.valueAsNumber;
    return {
      name: this.#workload.value,
      trace: await this.#trace(),
      machine,
      systems: this.#systems.chosen(),
      gpus: Math.max(1, Math.round(this.#gpus.valueAsNumber || 1)),
      drop: Number.isNaN(drop) ? null : Math.min(PERCENT, Math.max(0, drop)) / PERCENT,
    };
  }

  async #trace(): Promise<CountedTrace> {
    if (this.#own?.entry.selected) return this.#own.trace;
    const name = this.#workload.value;
    const twin = WORKLOAD_NAMES.find((candidate) => candidate === name);
    return twin === undefined ? multiHotTrace() : await loadPaperWorkload(twin);
  }

  /** Takes a file as the workload. */
  #read(file: File): void {
    readOwnTrace(file).then(({ name, trace }) => {
      this.#note.replaceChildren();
      this.#own?.entry.remove();
      const entry = element("option", { value: name }, name);
      this.#own = { trace, entry };
      this.#workload.append(entry);
      entry.selected = true;
      this.ask();
    }, (error) => showError(this.#note, error));
  }
}
