/**
 * What a result was computed with: versions, revision and machine, as far as permissions allow.
 *
 * @module
 */

import { fs, IN_BROWSER, isGranted, readableEnv } from "../../core/deno.ts";
import { cpus, dirname, fileURLToPath, join, resolve } from "../../core/node.ts";
import { PROJECT_VERSION } from "../../core/version.ts";

/** Versions and machine. */
export interface Environment {
  /** The project's version. */
  readonly project_version: string;
  /** Commit of the project's own checkout; null if there is none, or if it may not be read. */
  readonly git_revision: string | null;
  /**
   * Whether files of that checkout were changed, so that the revision alone does not say what ran; records of runs, which change
   * nothing that runs, left out. Null without a checkout, without git, or without the permission to run it.
   */
  readonly git_dirty: boolean | null;
  /** Version of Deno; in a browser the names and versions that it gives itself. */
  readonly deno: string;
  /** Version of V8; empty in a browser. */
  readonly v8: string;
  /** Version of Deno's TypeScript; empty in a browser. */
  readonly typescript: string;
  /** Operating system, as Deno or the browser names it. */
  readonly os: string;
  /** Processor architecture, as Deno names it; empty in a browser. */
  readonly arch: string;
  /** Logical processors. */
  readonly cpus: number;
  /** Null without the permission to ask. */
  readonly cpu_model: string | null;
}

/** Where the project's own sources lie; null where they were not loaded from files. */
const CHECKOUT = import.meta.url.startsWith("file:")
  ? dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  : null;

/** Kept from the first call, which is nearest in time to when the code was loaded. */
let known: { readonly dirty: boolean | null } | null = null;

function dirty(): boolean | null {
  known ??= { dirty: gitDirty(CHECKOUT!) };
  return known.dirty;
}

/** Looks at the process. Never asks for a permission. */
export function currentEnvironment(): Environment {
  if (IN_BROWSER) return browserEnvironment();
  const mayAsk = isGranted({ name: "sys", kind: "cpus" });
  const revision = CHECKOUT === null ? null : gitRevision(CHECKOUT);
  return {
    project_version: PROJECT_VERSION,
    git_revision: revision,
    git_dirty: revision === null ? null : dirty(),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    typescript: Deno.version.typescript,
    os: Deno.build.os,
    arch: Deno.build.arch,
    cpus: navigator.hardwareConcurrency,
    cpu_model: mayAsk ? cpus()[0]?.model.trim() ?? null : null,
  };
}

/** A browser says little of its machine, and nothing of its processor. */
function browserEnvironment(): Environment {
  return {
    project_version: PROJECT_VERSION,
    git_revision: null,
    git_dirty: null,
    deno: navigator.userAgent,
    v8: "",
    typescript: "",
    os: navigator.platform,
    arch: "",
    cpus: navigator.hardwareConcurrency,
    cpu_model: null,
  };
}

/**
 * The commit checked out in a folder, read from git's files: `HEAD`, loose and packed references, worktrees.
 *
 * @param folder The top of the working tree.
 * @returns The hash in hex, or null where there is no such checkout or it may not be read.
 */
export function gitRevision(folder: string): string | null {
  const dot = join(folder, ".git");
  const link = readText(dot)?.match(/^gitdir: (.+?)\s*$/)?.[1];
  const own = link === undefined ? dot : resolve(folder, link);
  const head = readText(join(own, "HEAD"))?.trim();
  if (head === undefined) return null;
  const name = head.match(/^ref: (.+)$/)?.[1];
  if (name === undefined) return asHash(head);
  const commonDir = readText(join(own, "commondir"))?.trim();
  const common = commonDir === undefined ? own : resolve(own, commonDir);
  for (const root of [own, common]) {
    const loose = asHash(readText(join(root, name))?.trim());
    if (loose !== null) return loose;
  }
  const packed = readText(join(common, "packed-refs"))?.split("\n") ?? [];
  return asHash(packed.find((line) => line.endsWith(` ${name}`))?.split(" ")[0]);
}

/**
 * Whether a checkout differs from its commit, as `git status` says.
 *
 * @param folder The top of the working tree.
 * @returns Null where git is missing, may not be run, or knows no such checkout.
 */
export function gitDirty(folder: string): boolean | null {
  if (!isGranted({ name: "run", command: "git" })) return null;
  try {
    const { success, stdout } = new Deno.Command("git", {
      // Some variables change what a subprocess loads: Deno lets it inherit them only with leave to run anything.
      clearEnv: true,
      env: readableEnv(["PATH", "HOME"]),
      args: [
        // A file that a reader saves in the clone is no code: nothing that runs imports it.
        ...["--no-optional-locks", "-C", folder, "status", "--porcelain", "--untracked-files=no"],
        ...["--", ".", ":(exclude)bench/recorded"],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).outputSync();
    return success ? stdout.length > 0 : null;
  } catch {
    // A missing answer must not fail a run.
    return null;
  }
}

function asHash(text: string | undefined): string | null {
  return text !== undefined && /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text) ? text : null;
}

/** A file's text, or undefined where it is absent, not a file, or may not be read. */
function readText(path: string): string | undefined {
  if (!isGranted({ name: "read", path })) return undefined;
  try {
    return fs.readTextFileSync(path);
  } catch {
    // A missing revision must not fail a run.
    return undefined;
  }
}
