/**
 * The form and the buttons of the tab Train.
 *
 * @module
 */

/// <reference lib="dom" />

import { CRITERIA, CRITERION_NAMES, type CriterionName } from "../../train/plan/criterion.ts";
import { PLAN_NAMES, type PlanName, PLANS } from "../../train/plan/plans.ts";
import { type Child, element } from "../dom.ts";
import { FORM_DEFAULTS, type PageSize, type PageWorkload, type TrainForm } from "./form.ts";

/** The form with its values. */
export interface TrainControls {
  readonly element: HTMLElement;
  /** What is asked for now. */
  read(): TrainForm;
}

const WORKLOADS: Readonly<Record<PageWorkload, string>> = {
  rm2: "RM2: advertisements (Criteo)",
  rm4: "RM4: mobile ads (Avazu)",
};
const SIZES: Readonly<Record<PageSize, string>> = {
  small: "small: 60,000 clicks",
  large: "large: 430,000, for a GPU",
};

/** Makes the form. */
export function trainControls(): TrainControls {
  const workload = choice("workload", WORKLOADS, FORM_DEFAULTS.workload);
  const size = choice("size", SIZES, FORM_DEFAULTS.size);
  const plans = PLAN_NAMES.filter((name) => name !== "fae");
  const plan = choice(
    "plan",
    Object.fromEntries(plans.map((name) => [name, `${name}: ${PLANS[name].help}`])),
    FORM_DEFAULTS.plan,
  );
  const criterion = choice(
    "criterion",
    Object.fromEntries(
      CRITERION_NAMES.map((name) => [name, `${name}: ${CRITERIA[name].help}`]),
    ),
    FORM_DEFAULTS.criterion,
  );
  const drop = slider();
  const window = number("window", { min: 5, max: 1000, placeholder: "automatic" }, "");
  const wake = number("wake", { min: 0, max: 10_000, step: "any" }, `${FORM_DEFAULTS.wakeEvery}`);
  const steps = number("steps", { min: 0, max: 1e6 }, `${FORM_DEFAULTS.maxSteps}`);
  const seed = number("seed", { min: 0, max: 2 ** 32 - 1 }, `${FORM_DEFAULTS.seed}`);
  return {
    element: element(
      "form",
      { class: "form", id: "train-form", "aria-label": "What is trained" },
      labelled("Clicks like those of", workload),
      labelled("Size", size),
      drop.element,
      element(
        "details",
        { class: "more" },
        element("summary", {}, "More settings"),
        element(
          "div",
          { class: "form" },
          labelled("Plan beside fae", plan),
          labelled("Score of a row (criterion)", criterion),
          labelled("Window, minibatches", window),
          labelled("Look again every … minibatches, or share below 1 (0: never)", wake),
          labelled("Stop after … minibatches (0: never)", steps),
          labelled("Seed", seed),
        ),
      ),
    ),
    read: () => ({
      workload: workload.value as PageWorkload,
      size: size.value as PageSize,
      plan: plan.value as PlanName,
      drop: Number(drop.input.value) / 100,
      criterion: criterion.value as CriterionName,
      window: window.value === "" ? null : window.valueAsNumber,
      wakeEvery: wake.valueAsNumber || 0,
      maxSteps: steps.valueAsNumber || 0,
      seed: seed.valueAsNumber || 0,
    }),
  };
}

function choice(
  name: string,
  options: Readonly<Record<string, string>>,
  chosen: string,
): HTMLSelectElement {
  return element(
    "select",
    { id: `train-${name}` },
    ...Object.entries(options).map(([value, text]) =>
      element("option", { value, selected: value === chosen }, text)
    ),
  );
}

function number(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  value: string,
): HTMLInputElement {
  return element("input", {
    id: `train-${name}`,
    type: "number",
    step: 1,
    value,
    ...attributes,
  });
}

function slider(): { readonly element: HTMLElement; readonly input: HTMLInputElement } {
  const value = `${100 * FORM_DEFAULTS.drop}`;
  const input = element("input", {
    id: "train-drop",
    type: "range",
    min: 5,
    max: 60,
    step: 5,
    value,
    "aria-describedby": "train-drop-value",
  });
  const shown = element("output", { id: "train-drop-value", for: "train-drop" }, `${value} %`);
  input.addEventListener("input", () => {
    shown.textContent = `${input.value} %`;
    input.setAttribute("aria-valuetext", `${input.value} per cent`);
  });
  return { element: labelled("Hot clicks to skip (D)", input, shown), input };
}

function labelled(text: string, input: HTMLElement, after: Child = null): HTMLLabelElement {
  return element("label", { for: input.id }, element("span", {}, text, " ", after), input);
}
