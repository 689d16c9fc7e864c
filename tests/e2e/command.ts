/** Runs the commands as a person does: as processes, with the permissions that their tasks give them. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import project from "../../deno.json" with { type: "json" };
import { wideModeFlags } from "../../kernels/cpu/v8_flags.ts";
import type { ResultDocument } from "../../train/run/result.ts";

/** A task that runs a command of the project. */
export type Task = "train" | "data" | "bench" | "simulate" | "page";

/** A task for whoever works at the project. */
export type WorkTask = "gpu" | "fuzz" | "faults";

/** What a process left. */
export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Widths that train in no time, on the CPU. */
export const TINY = [
  ...["--device", "cpu", "--bottom", "13-8-4", "--top", "8-1"],
  ...["--embedding-dim", "4", "--batch", "64"],
];

/** Words of a task's command. What it asks V8's flags of is put in its place, as the task's shell does. */
function wordsOf(task: Task | WorkTask): string[] {
  const { command } = project.tasks[task];
  return command.replace("$(deno run kernels/cpu/v8_flags.ts)", wideModeFlags().join(" "))
    .split(" ").filter((word) => word !== "");
}

/**
 * The command of a task in deno.json with further words.
 *
 * @param redirection What a shell does with its streams: `> /dev/full`. No shell without it.
 */
export function command(
  task: Task | WorkTask,
  args: readonly string[],
  redirection = "",
): Deno.Command {
  const [program, ...words] = wordsOf(task);
  assert.equal(program, "deno");
  const all = [...words, ...args];
  const [path, own] = redirection === ""
    ? [Deno.execPath(), all]
    // The status of a pipe is that of the command, not of its reader.
    : ["bash", ["-o", "pipefail", "-c", `"$@" ${redirection}`, "bash", Deno.execPath(), ...all]];
  return new Deno.Command(path, {
    args: own,
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a task to its end. Whatever it says is plain text, and never the stack of a defect. */
export async function run(task: Task | WorkTask, args: readonly string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await command(task, args).output();
  return outcome(code, new TextDecoder().decode(stdout), new TextDecoder().decode(stderr));
}

/** Runs a task until a line on standard error matches, sends it a signal, and waits for its end. */
export async function interruptAt(
  task: Task,
  args: readonly string[],
  line: RegExp,
  signal: Deno.Signal = "SIGINT",
): Promise<Outcome> {
  await using child = command(task, args).spawn();
  const out = new Response(child.stdout).text();
  let err = "", sent = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    err += text;
    if (!sent && err.split("\n").slice(0, -1).some((whole) => line.test(whole))) {
      sent = true;
      child.kill(signal);
    }
  }
  assert.ok(sent, `no line matched ${line}: ${err}`);
  return outcome((await child.status).code, await out, err);
}

function outcome(status: number, out: string, err: string): Outcome {
  assert.ok(!(out + err).includes("\x1b"), `escape codes off a terminal: ${out}${err}`);
  assert.doesNotMatch(err, /^ {4}at /m);
  return { status, out, err };
}

/** Runs a task that must succeed. */
export async function succeed(task: Task, args: readonly string[]): Promise<Outcome> {
  const result = await run(task, args);
  assert.equal(result.status, 0, result.err);
  return result;
}

/** Runs a task that must fail with one line, `error: …`, and returns that line. */
export async function fail(
  task: Task,
  args: readonly string[],
  status: number,
  message: RegExp,
): Promise<void> {
  const result = await run(task, args);
  const lines = result.err.trimEnd().split("\n");
  const errors = lines.filter((line) => line.startsWith("error: Cannot "));
  assert.equal(errors.length, 1, result.err);
  assert.equal(lines.at(-1), errors[0]);
  assert.match(errors[0]!, message);
  assert.equal(result.status, status);
  assert.equal(result.out, "");
}

/** Trains with `--json` and returns the document. */
export async function trainToJson(
  folder: string,
  args: readonly string[],
): Promise<ResultDocument> {
  const json = `${folder}/${crypto.randomUUID()}.json`;
  const all = ["--cache", `${folder}/cache`, "--json", json, "--quiet", ...args];
  await succeed("train", all);
  return await readJson(json);
}

/** Reads a JSON file. */
export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(path));
}
