/**
 * The page as a folder of three files, which any web server can give out.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { themeCss } from "../../figures/theme.ts";
import { makeFolder, writeFileWhole } from "../../core/files.ts";
import html from "../index.html" with { type: "text" };
import css from "../page.css" with { type: "text" };
import measureCss from "../measure/measure.css" with { type: "text" };
import trainCss from "../train/train.css" with { type: "text" };
import { bundle } from "./bundle.ts";
import { recordedStudy } from "./recorded.ts";

/** A file of the page and its bytes as they lie there and as servers send them, packed by gzip. */
export interface PageFile {
  readonly name: string;
  readonly bytes: number;
  readonly packedBytes: number;
}

const BEGIN = '<template id="recorded">', END = "</template>";
/** Where the recorded study goes. */
const PLACE = BEGIN + END;

/**
 * Builds the page.
 *
 * @param folder Where it goes; made if it is missing.
 * @throws {UserError} It cannot be written.
 */
export async function buildPage(folder: string): Promise<PageFile[]> {
  const encoder = new TextEncoder();
  const study = await recordedStudy();
  const contents: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
    "index.html": encoder.encode(html.replace(PLACE, () => `${BEGIN}${study.html}${END}`)),
    "page.css": encoder.encode(themeCss(":root") + css + trainCss + measureCss + study.css),
    "page.js": await bundle(fileURLToPath(new URL("../main.ts", import.meta.url))),
  };
  await makeFolder(folder);
  return await Promise.all(
    Object.entries(contents).map(async ([name, bytes]) => {
      await writeFileWhole(`${folder}/${name}`, bytes);
      return { name, bytes: bytes.length, packedBytes: await packedBytes(bytes) };
    }),
  );
}

/** Bytes that gzip makes of some. */
async function packedBytes(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(packed).arrayBuffer()).byteLength;
}
