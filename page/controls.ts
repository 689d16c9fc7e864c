/**
 * Controls of forms, each with its label.
 *
 * @module
 */

import { element } from "./dom.ts";

/**
 * A choice of one of some words.
 *
 * @param names What words are called; a word without one is shown as it is.
 */
export function choice(
  id: string,
  words: readonly string[],
  chosen: string,
  names: Readonly<Record<string, string>> = {},
): HTMLSelectElement {
  return element(
    "select",
    { id },
    ...words.map((word) =>
      element("option", { value: word, selected: word === chosen }, names[word] ?? word)
    ),
  );
}

/** A number within bounds; null begins empty. */
export function numberInput(
  id: string,
  { min, max, step = 1, value }: {
    readonly min: number;
    readonly max: number;
    readonly step?: number | "any";
    readonly value: number | null;
  },
): HTMLInputElement {
  return element("input", { type: "number", inputmode: "decimal", id, min, max, step, value });
}

/** A control under its label. */
export function labelled(label: string, input: HTMLElement): HTMLLabelElement {
  return element("label", { for: input.id }, label, input);
}

/** Boxes of which any number may be checked. */
export interface Checkboxes {
  readonly fieldset: HTMLFieldSetElement;
  /** The words whose boxes are checked, in their order. */
  chosen(): string[];
}

/** A word that can be checked, and what it means in a line. */
export interface Checkable {
  readonly word: string;
  readonly about: string;
}

/**
 * A box for each word.
 *
 * @param more Words that are seen only after they are asked for.
 */
export function checkboxes(
  name: string,
  legend: string,
  { words, more, checked }: {
    readonly words: readonly Checkable[];
    readonly more: readonly Checkable[];
    readonly checked: readonly string[];
  },
): Checkboxes {
  const boxes: HTMLInputElement[] = [];
  const labelledBox = ({ word, about }: Checkable): HTMLLabelElement => {
    const box = element("input", {
      ...{ type: "checkbox", name, value: word, checked: checked.includes(word) },
    });
    boxes.push(box);
    return element("label", { title: about }, box, word);
  };
  const explained = (term: HTMLElement, { about }: Checkable): HTMLElement[] => [
    element("dt", {}, term),
    element("dd", {}, about),
  ];
  const fieldset = element(
    "fieldset",
    { class: "boxes" },
    element("legend", {}, legend),
    element("div", {}, ...words.map(labelledBox)),
    element(
      "details",
      {},
      element("summary", {}, `${more.length} more, and what each is`),
      element(
        "dl",
        {},
        ...words.flatMap((one) => explained(element("span", {}, one.word), one)),
        ...more.flatMap((one) => explained(labelledBox(one), one)),
      ),
    ),
  );
  return { fieldset, chosen: () => boxes.filter((box) => box.checked).map(({ value }) => value) };
}
