/**
 * Runs the parts one after another until the time is up, and keeps what each has found as soon as it ends.
 *
 * @module
 */

import { makeFolder } from "../../core/files.ts";
import { formatClock } from "../../core/format.ts";
import { readResult, writeResult } from "../results.ts";
import { type ChildEnd, runTask } from "./child.ts";
import { gpuDocument, type PartOutcome } from "./document.ts";
import type { GpuPart } from "./parts.ts";

/** How the parts are run. */
export interface PartsOptions {
  readonly parts: readonly GpuPart[];
  readonly minutes: number;
  /** Folder of results. */
  readonly out: string;
  readonly device: "auto" | "webgpu" | "cpu";
  readonly smoke: boolean;
  readonly command: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/**
 * Runs them. What was found is in `gpu.json` of the folder after each part.
 *
 * @returns One a part, in their order; fewer if it was interrupted.
 */
export async function runParts(options: PartsOptions): Promise<readonly PartOutcome[]> {
  const { parts, minutes, out, smoke, command, say, signal, now = () => performance.now() } =
    options;
  const begun = now();
  await makeFolder(out);
  const outcomes: PartOutcome[] = [];
  for (const [i, part] of parts.entries()) {
    const left = minutes * 60_000 - (now() - begun);
    if (left < part.minutes * 30_000 && !smoke) {
      const remark = `${formatClock(Math.max(0, left) / 1000)} of the time were left`;
      outcomes.push({ part, status: "left out", seconds: 0, remark });
    } else {
      say(`[${i + 1}/${parts.length}] ${part.name}: ${part.help}`);
      const started = now();
      try {
        const outcome = await runPart(part, left, options);
        outcomes.push({ part, ...outcome, seconds: (now() - started) / 1000 });
      } catch (error) {
        if (signal.aborted) break;
        throw error;
      }
      const { status, remark } = outcomes.at(-1)!;
      if (status !== "done") say(`${part.name}: ${status}: ${remark}`);
    }
    const seconds = (now() - begun) / 1000;
    await writeResult(out, gpuDocument(outcomes, { seconds, command, smoke }));
  }
  return outcomes;
}

async function runPart(
  part: GpuPart,
  milliseconds: number,
  { device, smoke, out, say, signal }: PartsOptions,
): Promise<Pick<PartOutcome, "status" | "remark" | "document">> {
  const file = await Deno.makeTempFile({ prefix: "slipstream-gpu-", suffix: ".json" });
  try {
    const [experiment, ...flags] = part.words;
    const words = part.kind === "test" ? ["test", ...part.words] : [
      // Experiments share the machine file of their folder, so that this machine is measured once.
      ...["bench", experiment!, "--device", device, "--out", `${out}/parts`],
      // A smoke run has minibatch sizes of its own.
      ...smoke ? ["--smoke", ...withoutBatch(flags)] : flags,
      ...["--json", file],
    ];
    const end = await runTask(words, {
      milliseconds,
      env: { SLIPSTREAM_REQUIRE_WEBGPU: device === "webgpu" ? "1" : "" },
      say,
      signal,
    });
    if (end.code === null) return { status: "out of time", remark: "what it had found is lost" };
    if (part.kind === "test") return testOutcome(end);
    if (end.code !== 0) return { status: "failed", remark: reason(end) };
    return { status: "done", remark: "", document: await readResult(file) };
  } finally {
    await Deno.remove(file);
  }
}

/** Deno closes its tests with `ok | N passed (…) | N failed (…)`. */
function testOutcome(end: ChildEnd): Pick<PartOutcome, "status" | "remark"> {
  const [, passed, failed] = end.stdout.match(/(\d+) passed.*?\| (\d+) failed/) ?? [];
  return passed === undefined
    ? { status: "failed", remark: reason(end) }
    : { status: end.code === 0 ? "done" : "failed", remark: `${passed} passed, ${failed} failed` };
}

function reason({ lastLine, code }: ChildEnd): string {
  return lastLine.replace(/^error: /, "") || `exit status ${code}`;
}

/** Flags without `--batch` and its value. */
function withoutBatch(flags: readonly string[]): string[] {
  const at = flags.indexOf("--batch");
  return at < 0 ? [...flags] : flags.toSpliced(at, 2);
}
