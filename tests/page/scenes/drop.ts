/** Drops files onto the tab Ask: one that is no trace, and one that is. */

/// <reference lib="dom" />

import type { Scene } from "../play.ts";

/** @param given The text of a trace. */
export const scene: Scene = async (page, address, given) => {
  await page.goto(`${address}#ask`);
  const drop = async (name: string, text: string): Promise<void> => {
    await page.$eval(
      "#ask .drop",
      (place, name, text) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], name));
        place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
      },
      name,
      text,
    );
  };
  await drop("notes.txt", "no trace");
  await page.waitForSelector("#ask [role=alert]");
  const refused = await page.$eval("#ask [role=alert]", (alert) => alert.textContent);
  await drop("own.json", given as string);
  await page.waitForSelector("#ask-workload option:nth-child(6)");
  await page.waitForSelector("#ask-map:not([aria-busy]) > *", { timeout: 240_000 });
  return {
    refused,
    workload: await page.$eval("#ask-workload", (select) => (select as HTMLSelectElement).value),
    alerts: (await page.$$("#ask [role=alert]")).length,
    rows: (await page.$$("#ask-times > .bars + .scroll tbody tr")).length,
  };
};
