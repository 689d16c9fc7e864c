/**
 * Pages as recipes: what a page says to write and to run is written and run in a copy of the project, so that a page that
 * no longer holds fails a test.
 *
 * A block of code after a line that ends in "`path`:" is that file, or, as a `diff`, a change to it. A block in `sh` is run.
 * A block of `text` after one holds lines of its output, in order, with a line of its own for what was left out: `…`; a
 * line too wide for the page ends in ` …`.
 */

import assert from "node:assert/strict";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** A fenced block of a page. */
export interface Block {
  /** All that stands behind the opening fence. */
  readonly language: string;
  readonly text: string;
  /** The path in backticks that the line before the block ends with, or null. */
  readonly path: string | null;
  /** Of its first line, counted from 1. */
  readonly line: number;
}

/** All fenced blocks of a text. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  let said = "";
  for (let i = 0; i < lines.length; i++) {
    const opening = /^(`{3,})(.*)$/.exec(lines[i]!);
    if (opening === null) {
      if (lines[i]!.trim() !== "") said = lines[i]!;
      continue;
    }
    const [, fence, language] = opening;
    const from = i + 1;
    while (lines[++i] !== fence) assert.ok(i < lines.length, `a block is not closed: line ${from}`);
    const path = /`([^`]+)`:$/.exec(said)?.[1] ?? null;
    const text = `${lines.slice(from, i).join("\n")}\n`;
    blocks.push({ language: language!, text, path, line: from + 1 });
    said = "";
  }
  return blocks;
}

/** The part of a page under a heading, up to the next one that is no deeper. */
export function section(markdown: string, heading: string): string {
  const from = markdown.indexOf(`\n${heading}\n`);
  assert.ok(from >= 0, `the page has no heading ${heading}`);
  const depth = /^#+/.exec(heading)![0].length;
  const rest = markdown.slice(from + heading.length + 2);
  // Within code a line may begin with # as well.
  const plain = rest.replace(/^```[\s\S]*?^```$/gm, (code) => code.replace(/^#/gm, " "));
  const to = plain.search(new RegExp(`^#{1,${depth}} `, "m"));
  return to < 0 ? rest : rest.slice(0, to);
}

/** What a copy of the project needs of it. */
const COPIED = [
  ...["core", "figures", "kernels", "data", "train", "sim", "bench", "page", "tests"],
  ...["mod.ts", "deno.json", "deno.lock"],
];

/**
 * Does what a page says in a copy of the project, and removes the copy.
 *
 * @param surroundings `env` are further variables of its commands; `after` is told what each printed, and the copy's folder.
 */
export async function follow(
  markdown: string,
  { env = {}, after = () => Promise.resolve() }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly after?: (folder: string, output: string) => Promise<void>;
  } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "slipstream-page-" });
  try {
    for (const name of COPIED) await copy(`${ROOT}${name}`, `${folder}/${name}`);
    let output: string | null = null;
    for (const block of blocksOf(markdown)) {
      if (block.language === "sh") {
        output = await runShell(folder, block, env);
        await after(folder, output);
      } else if (block.language === "text" && output !== null) checkOutput(block, output);
      else if (block.path !== null) await write(`${folder}/${block.path}`, block);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}

async function write(path: string, { language, text, line }: Block): Promise<void> {
  if (language !== "diff") {
    await Deno.mkdir(dirname(path), { recursive: true });
    return await Deno.writeTextFile(path, text);
  }
  let whole = await Deno.readTextFile(path);
  for (const hunk of text.trimEnd().split(/^@@.*\n/m)) {
    if (hunk.trim() === "") continue;
    const side = (other: string) =>
      hunk.trimEnd().split("\n").filter((it) => it[0] !== other).map((it) => `${it.slice(1)}\n`)
        .join("");
    const before = side("+");
    const found = whole.split(before).length - 1;
    assert.equal(found, 1, `line ${line}: ${path} has ${found} times\n${before}`);
    whole = whole.replace(before, () => side("-"));
  }
  await Deno.writeTextFile(path, whole);
}

async function runShell(
  folder: string,
  { text, line }: Block,
  more: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-euc", text],
    cwd: folder,
    env: {
      PATH: `${dirname(Deno.execPath())}${delimiter}${Deno.env.get("PATH")}`,
      NO_COLOR: "1",
      ...more,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(code, 0, `line ${line}: ${text}${out}${err}`);
  return `${err}\n${out}`;
}

/** Every line of the block is in the output, in this order. Numbers may be others where they are times or rates. */
function checkOutput({ text, line }: Block, output: string): void {
  // Which of its kernels the CPU device has depends on the processor.
  const plain = (some: string) =>
    some.replace(/─+/g, "─").replace(/\s+/g, " ").replace("WASM SIMD, wide", "WASM SIMD").trim();
  const lines = output.split("\n").map(plain);
  let at = 0;
  for (const wanted of text.split("\n").map(plain)) {
    if (wanted === "" || wanted === "…") continue;
    const timed = /\bms\b|\/s\b|\bin \d+ steps?\b|\d %$/.test(wanted);
    const form = (some: string) => timed ? some.replace(/\d[\d.,]*/g, "0") : some;
    // A line that ends in one is shown as far as it fits the page.
    const cut = wanted.endsWith(" …");
    const shown = form(cut ? wanted.slice(0, -2) : wanted);
    const found = lines.findIndex((some, i) =>
      i >= at && (cut ? form(some).startsWith(`${shown} `) : form(some) === shown)
    );
    assert.ok(
      found >= 0,
      `line ${line}: the output has no such line, or not here\n${wanted}\n\n${output}`,
    );
    at = found + 1;
  }
}
