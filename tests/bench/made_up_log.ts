/** A log that nobody has collected, and its schema. */

import { RandomStream } from "../../core/random.ts";

/** Writes a log of clicks: some items are clicked more, popular ids are far more frequent than others. */
export function writeSkewedLog(path: string, rows: number): void {
  const random = new RandomStream(7, "synthetic");
  let drawn = 0;
  const skewed = (n: number) => Math.floor(n * random.uniform(drawn++) ** 12);
  const lines = Array.from({ length: rows }, () => {
    const [item, shop, brand] = [skewed(3000), skewed(500), skewed(500)] as const;
    const click = random.uniform(drawn++) < (item % 3 === 0 ? 0.3 : 0.6) ? 1 : 0;
    return [click, item, shop, brand, skewed(90)].join(",");
  });
  Deno.writeTextFileSync(path, `${["click,item,shop,brand,price", ...lines].join("\n")}\n`);
}

/** Its schema. */
export const SKEWED_SCHEMA = {
  schema_version: 1,
  name: "clicks",
  text: { separator: ",", header: true },
  split: { by: "sevenths" },
  columns: [
    { name: "click", kind: "label" },
    { name: "item", kind: "categorical", ids: "decimal" },
    { name: "shop", kind: "categorical", ids: "decimal" },
    { name: "brand", kind: "categorical", ids: "decimal" },
    { name: "price", kind: "dense", transform: "log" },
  ],
};
