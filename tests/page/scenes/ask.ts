/** Fills the form of the tab Ask and reads what it answers. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

/** What is entered. */
export interface Asked {
  readonly machine: string;
  readonly gpus: number;
  /** In %. */
  readonly drop: number;
  /** A file to give the page in place of a workload; null for none. */
  readonly file: string | null;
}

/** What is answered: cells of tables, row by row, and the commands that give the same. */
export interface Answered {
  readonly times: readonly (readonly string[])[];
  readonly map: readonly (readonly string[])[];
  readonly command: string;
  readonly mapCommand: string;
}

export const scene: Scene = async (page, address, given) => {
  const { machine, gpus, drop, file } = given as Asked;
  await page.goto(`${address}#ask`);
  const done = async (): Promise<void> => {
    await page.waitForSelector("#ask-map:not([aria-busy]) > *", { timeout: 240_000 });
  };
  await done();
  await page.select("#ask-machine", machine);
  const enter = async (id: string, value: number): Promise<void> => {
    await page.$eval(
      id,
      (input, value) => {
        (input as HTMLInputElement).value = `${value}`;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      },
      value,
    );
  };
  await enter("#ask-gpus", gpus);
  await enter("#ask-drop", drop);
  if (file !== null) {
    await (await page.$("input#ask-file"))!.uploadFile(file);
    await page.waitForSelector("#ask-workload option:nth-child(6)");
  }
  await done();
  const cells = async (selector: string): Promise<string[][]> =>
    await page.$$eval(
      `${selector} tbody tr`,
      (rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent!)),
    );
  const answered: Answered = {
    times: await cells("#ask-times > .bars + .scroll"),
    map: await cells("#ask-map"),
    command: await page.$eval("#ask-times code", (code) => code.textContent!),
    mapCommand: await page.$eval("#ask-map code", (code) => code.textContent!),
  };
  return answered;
};
