/**
 * A trace of the visitor's own, read in the page from a file that is chosen or dropped.
 *
 * @module
 */

import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import { parseAnyTrace } from "../../sim/counted_file.ts";
import { type CountedTrace, countTraceRuns } from "../../sim/work.ts";
import { element } from "../dom.ts";

/** A larger file is refused before it is read into the page's memory. */
const MOST_BYTES = 256e6;

/** A trace and the name of its file. */
export interface OwnTrace {
  readonly name: string;
  readonly trace: CountedTrace;
}

/**
 * Reads a file.
 *
 * @throws {UserError} It is too large, or no trace.
 */
export async function readOwnTrace(file: File): Promise<OwnTrace> {
  if (file.size > MOST_BYTES) {
    throw new UserError(
      `Cannot read ${file.name}: it has ${formatBytes(file.size)}, and a page reads up to ${
        formatBytes(MOST_BYTES)
      }; deno task simulate reads larger ones`,
    );
  }
  const trace = await parseAnyTrace(file.name, new Uint8Array(await file.arrayBuffer()));
  return { name: file.name, trace: "runs" in trace ? trace : countTraceRuns(trace) };
}

/**
 * A place to choose a file or to drop one.
 *
 * @param onFile Told of each file.
 */
export function fileChooser(id: string, onFile: (file: File) => void): HTMLElement {
  const input = element("input", { type: "file", id, accept: ".json,.arrow" });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file !== undefined) onFile(file);
  });
  const place = element(
    "label",
    { class: "drop", for: id },
    element("span", {}, "Or a trace of your own: choose a file, or drop it here"),
    input,
    element(
      "small",
      {},
      "A counted trace (JSON) or a run's (Arrow), read in this page and sent nowhere",
    ),
  );
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) onFile(file);
  });
  // A file that misses the place would else be opened where the page is.
  for (const kind of ["dragover", "drop"] as const) {
    addEventListener(kind, (event) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
  }
  return place;
}
