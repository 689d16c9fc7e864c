/**
 * Which documents a page can show, and in which order.
 *
 * @module
 */

import { EXPERIMENT_NAMES } from "../experiment_names.ts";
import { RECORDED_ENDING } from "../folder_names.ts";
import type { BenchDocument } from "../report.ts";
import type { Results } from "../results.ts";

/** Sorts, and leaves out an older document of the same experiment, saying so. */
export function showable({ documents, refused }: Results): {
  readonly documents: readonly BenchDocument[];
  readonly refused: readonly string[];
} {
  const told = [...refused], shown = new Map<string, BenchDocument>();
  const byTime = documents.toSorted((
    a,
    b,
  ) => (a.finished_at < b.finished_at ? 1 : -1));
  for (const document of byTime) {
    if (shown.has(document.experiment)) {
      told.push(
        `Cannot show two results of ${document.experiment}: that of ${document.finished_at} is the older one`,
      );
    } else {
      shown.set(document.experiment, document);
    }
  }
  const place = ({ experiment }: BenchDocument) => {
    // Recorded runs come after those of the same experiment here.
    const at = EXPERIMENT_NAMES.indexOf(
      experiment.endsWith(RECORDED_ENDING)
        ? experiment.slice(0, -RECORDED_ENDING.length)
        : experiment,
    );
    return at < 0 ? EXPERIMENT_NAMES.length : at;
  };
  const sorted = [...shown.values()].sort((a, b) =>
    place(a) - place(b) || (a.experiment < b.experiment ? -1 : 1)
  );
  return { documents: sorted, refused: told };
}
