/** What the documents name is there: links, files, tasks, experiments and flags. */

import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { EXPERIMENTS } from "../../bench/registry.ts";
import { COMMANDS } from "../../sim/commands/mod.ts";
import { run, type Task } from "../e2e/command.ts";
import { blocksOf, ROOT } from "./page.ts";

/** Paths of the documents from the project's folder. */
const PAGES = [
  "README.md",
  ...Array.from(Deno.readDirSync(`${ROOT}docs`), ({ name }) => `docs/${name}`)
    .filter((path) => path.endsWith(".md")).sort(),
];
/** What a lock file says of packages. */
interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, unknown>>;
}
/** Of commands and `mod.ts`, and of everything. */
const [lock, testLock] = ["deno.lock", "tests/deno.lock"].map((path): Lock =>
  JSON.parse(Deno.readTextFileSync(`${ROOT}${path}`))
) as [Lock, Lock];
const texts = new Map(PAGES.map((path) => [path, Deno.readTextFileSync(`${ROOT}${path}`)]));

function exists(path: string): boolean {
  try {
    Deno.statSync(`${ROOT}${path}`);
    return true;
  } catch {
    return false;
  }
}

/** A text without its fenced blocks. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "");
}

/** Anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): Set<string> {
  return new Set(
    [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
    ),
  );
}

Deno.test("every relative link leads to a file, and every anchor to a heading", () => {
  for (const [page, text] of texts) {
    for (const [, target] of prose(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [path, anchor] = target!.split("#") as [string, string?];
      const file = path === "" ? page : normalize(join(dirname(page), path));
      assert.ok(exists(file), `${page}: ${target}`);
      if (anchor !== undefined) {
        assert.ok(anchors(texts.get(file)!).has(anchor), `${page}: ${target}`);
      }
    }
  }
});

Deno.test("every source file that a document names is there, or is made by the document", () => {
  const named =
    /`((?:core|kernels|data|train|sim|bench|page|tests|docs)\/[\w./-]+\.(?:ts|json|md|py))`/g;
  for (const [page, text] of texts) {
    const made = new Set([...text.matchAll(/[Nn]ew\s+file\s+`([^`]+)`/g)].map(([, path]) => path));
    for (const [, path] of prose(text).matchAll(named)) {
      assert.ok(made.has(path) || /NAME/.test(path!) || exists(path!), `${page}: ${path}`);
    }
  }
});

/** A command line in a document. */
interface Line {
  readonly page: string;
  readonly text: string;
  readonly task: string;
  /** The subcommand or experiment, or null. */
  readonly name: string | null;
  readonly flags: readonly string[];
}

function commandLines(): Line[] {
  return [...texts].flatMap(([page, text]) =>
    blocksOf(text).filter(({ language }) => /^sh\b/.test(language)).flatMap(({ text }) =>
      text.replaceAll(/\\\n\s*/g, "").split("\n").flatMap((line) => {
        const words = line.replace(/\s#.*$/, "").trim().split(/\s+/);
        const [, , task = "", next = ""] = words;
        if (words[0] !== "deno" || words[1] !== "task") return [];
        const flags = words.flatMap((word) => /^(--[^=]+)/.exec(word)?.[1] ?? []);
        return [{ page, text: line, task, name: /^[a-z]/.test(next) ? next : null, flags }];
      })
    )
  );
}

Deno.test("every task that a document names is one of deno.json", () => {
  for (const [page, text] of texts) {
    for (const [, task] of text.matchAll(/deno task ([a-z][\w:]*)/g)) {
      assert.ok(task! in project.tasks, `${page}: deno task ${task}`);
    }
  }
});

/** The help of a command, read once. */
const help = new Map<string, Promise<string>>();
function helpOf(task: string, name: string | null): Promise<string> {
  const shared = name === null || EXPERIMENTS.some((experiment) => experiment.name === name);
  const words = shared ? ["--help"] : [name, "--help"];
  const key = `${task} ${words[0]}`;
  if (!help.has(key)) help.set(key, run(task as Task, words).then(({ out }) => out));
  return help.get(key)!;
}

/** Whether a help page has a flag. */
function has(page: string, flag: string): boolean {
  return new RegExp(`(^|[\\s,(])${flag}(?![\\w-])`, "m").test(page);
}

Deno.test("every flag of a command line in a document is in the command's help", async () => {
  const lines = commandLines();
  assert.ok(lines.length > 40);
  for (const { page, text, task, name, flags } of lines) {
    if (!["train", "data", "bench", "simulate", "page"].includes(task)) continue;
    const known = await helpOf(task, name);
    for (const flag of flags) assert.ok(has(known, flag), `${page}: ${text}: ${flag}`);
  }
});

Deno.test("every experiment and subcommand in a document's text is there", () => {
  const experiments = EXPERIMENTS.map(({ name }) => name);
  const commands = COMMANDS.map(({ name }) => name);
  for (const [page, text] of texts) {
    for (
      const [, names, name] of text.matchAll(
        /deno task (bench|simulate|data) ([a-z][\w-]*)/g,
      )
    ) {
      const known = names === "bench"
        ? [...experiments, "compare", "report", "jobs", "run", "collect", "record", "pages"]
        : names === "data"
        ? ["profile", "schema", "fit"]
        : commands;
      assert.ok(known.includes(name!), `${page}: deno task ${names} ${name}`);
    }
  }
});

/** Flags of other programs. */
const FOREIGN = new Set([
  "--enable-dawn-features",
  "--experimental-wasm-revectorize",
  "--no-liftoff",
  "--no-wasm-bounds-checks",
  "--v8-flags",
]);

Deno.test("every flag that a document names is one of some command", async () => {
  const pages = await Promise.all([
    helpOf("train", null),
    helpOf("page", null),
    helpOf("bench", null),
    helpOf("bench", "record"),
    helpOf("bench", "pages"),
    helpOf("data", "profile"),
    helpOf("data", "schema"),
    helpOf("data", "fit"),
    ...COMMANDS.map(({ name }) => helpOf("simulate", name)),
  ]);
  for (const [page, text] of texts) {
    for (const [, flag] of prose(text).matchAll(/`(--[a-z][\w-]*)/g)) {
      assert.ok(FOREIGN.has(flag!) || pages.some((known) => has(known, flag!)), `${page}: ${flag}`);
    }
  }
});

Deno.test("README gives a reason for every dependency, and for nothing else", () => {
  const [, table] = /^## Dependencies$([\s\S]*?)^## /m.exec(texts.get("README.md")!)!;
  // The first cell of each row, which names packages in backticks; the first two lines are the heading.
  const rows = table!.split("\n").filter((line) => line.startsWith("|")).slice(2);
  const named = rows.flatMap((row) =>
    [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
  );
  const all = Object.keys(testLock.specifiers).map((specifier) => /^npm:(.+)@/.exec(specifier)![1]);
  assert.deepEqual(named.sort(), all.sort());
});

Deno.test("deno.lock holds what commands and mod.ts load, not what only builds and tests need", () => {
  const folder = `${ROOT}core/npm/`;
  const loaded = Array.from(
    Deno.readDirSync(folder),
    ({ name }) => [
      // Without the path of a module within its package.
      ...Deno.readTextFileSync(folder + name).matchAll(/"(npm:(?:@[^/"]+\/)?[^/"]+)[^"]*"/g),
    ],
  ).flat().map(([, specifier]) => specifier!);
  assert.deepEqual(
    Object.keys(lock.specifiers).sort(),
    [...new Set([...loaded, ...project.compilerOptions.types])].sort(),
    "run tests by `deno task test`, which has a lock of its own, and take back what deno.lock gained",
  );
  for (const part of ["specifiers", "npm"] as const) {
    for (const [name, kept] of Object.entries(lock[part])) {
      assert.deepEqual(testLock[part][name], kept, `tests/deno.lock has another ${name}`);
    }
  }
});

Deno.test("mod.ts loads the two packages that README says, and no other", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "mod.ts"],
    cwd: ROOT,
    stdin: "null",
    stderr: "null",
  }).output();
  interface Dependency {
    readonly code?: { readonly specifier: string };
    readonly isDynamic?: boolean;
  }
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: { specifier: string; dependencies?: Dependency[] }[];
  };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const reached = new Set(roots);
  for (const specifier of reached) {
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code !== undefined && isDynamic !== true) reached.add(code.specifier);
    }
  }
  const packages = [...reached].filter((specifier) => specifier.startsWith("npm:"));
  assert.deepEqual(packages.map((name) => name.replace(/@[^@]*$/, "")).sort(), [
    "npm:d3-array",
    "npm:valibot",
  ]);
});
