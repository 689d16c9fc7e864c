/**
 * The tab Ask: how long an epoch takes on another machine, from the simulator.
 *
 * @module
 */

import { WORKLOAD_NAMES, type WorkloadName } from "../data/twin/workloads.ts";
import { formatClock } from "../core/format.ts";
import { loadMachine, MACHINE_NAMES, machineOf } from "../sim/machine.ts";
import { loadPaperWorkload } from "../sim/paper/workloads.ts";
import { simulate } from "../sim/simulate.ts";
import { SYSTEM_NAMES } from "../sim/systems/mod.ts";
import { type Child, element, showError } from "./dom.ts";

/** Fills the tab. */
export function mountAsk(panel: HTMLElement): void {
  const workload = choice("ask-workload", WORKLOAD_NAMES, "rm2");
  const machine = choice("ask-machine", MACHINE_NAMES, "v100x4");
  const result = element("div", { id: "ask-result", "aria-live": "polite" });
  const answer = (): void => {
    ask(workload.value as WorkloadName, machine.value, result)
      .catch((error) => showError(result, error));
  };
  for (const input of [workload, machine]) input.addEventListener("change", answer);
  panel.append(
    element("h2", {}, "Ask"),
    element(
      "form",
      { class: "form" },
      labelled("Workload", workload),
      labelled("Machine", machine),
    ),
    result,
  );
  answer();
}

function choice(id: string, words: readonly string[], chosen: string): HTMLSelectElement {
  return element(
    "select",
    { id },
    ...words.map((word) => element("option", { value: word, selected: word === chosen }, word)),
  );
}

function labelled(label: string, input: HTMLElement): Child {
  return element("label", { for: input.id }, label, input);
}

async function ask(workload: WorkloadName, name: string, result: HTMLElement): Promise<void> {
  const trace = await loadPaperWorkload(workload);
  const machine = machineOf(await loadMachine(name));
  // Frozen rows are in traces of the plan freeze alone.
  const rows = SYSTEM_NAMES.filter((system) => system !== "freeze").map((system) => {
    const { epoch_ms } = simulate({ trace, machine, system, gpus: 1 });
    return element(
      "tr",
      {},
      element("td", {}, system),
      element("td", {}, formatClock(epoch_ms / 1000)),
    );
  });
  const head = element(
    "tr",
    {},
    element("th", {}, "system"),
    element("th", {}, "an epoch, minutes:seconds"),
  );
  result.replaceChildren(
    element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
  );
}
