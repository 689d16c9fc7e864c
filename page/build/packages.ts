/**
 * The npm packages of a program, for a bundler. Deno keeps each in a folder of its own, without the `node_modules` in which a
 * bundler looks for them.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { Plugin } from "./esbuild.ts";
import { UserError } from "../../core/errors.ts";

/** A package as `deno info --json` lists it. */
interface Package {
  readonly name: string;
  /** Where it lies. */
  readonly localPath: string;
  /** Keys of those it imports. */
  readonly dependencies: readonly string[];
}

/** What `deno info --json` says of a program's packages. */
interface Listing {
  readonly npmPackages?: Readonly<Record<string, Package>>;
  /** Specifiers as they are written and as they are resolved: `npm:/valibot@1.5.0`. */
  readonly redirects: Readonly<Record<string, string>>;
}

/**
 * A plugin that finds the packages of a program.
 *
 * @param entry The program's first module.
 * @param lock The lock that says which versions.
 * @param folder An empty folder, in which the packages are linked.
 * @throws {UserError} Deno cannot list them.
 */
export async function packagesOf(entry: string, lock: string, folder: string): Promise<Plugin> {
  const { npmPackages = {}, redirects } = await list(entry, lock);
  for (const [key, { name, localPath, dependencies }] of Object.entries(npmPackages)) {
    const modules = join(folder, key, "node_modules");
    await link(localPath, join(modules, name));
    for (const dependency of dependencies) {
      const { name, localPath } = npmPackages[dependency]!;
      await link(localPath, join(modules, name));
    }
  }
  return {
    name: "packages",
    setup(build) {
      build.onResolve({ filter: /^npm:/ }, ({ path, kind }) => {
        const [, key, name, below = ""] = SPECIFIER.exec(redirects[path] ?? path) ?? [];
        if (key === undefined) return { errors: [{ text: `Cannot find ${path}` }] };
        return build.resolve(name + below, { kind, resolveDir: join(folder, key) });
      });
      // What a package imports is found beside it.
      build.onResolve({ filter: /^[^.]/, namespace: "file" }, async (asked) => {
        const { path, kind, importer, pluginData } = asked;
        const owner = pluginData === OURS ? undefined : ownerOf(npmPackages, importer);
        if (owner === undefined) return undefined;
        const resolveDir = join(folder, owner);
        const found = await build.resolve(path, { kind, resolveDir, pluginData: OURS });
        // Some packages try to import what need not be there.
        return found.errors.length === 0 ? found : undefined;
      });
    },
  };
}

/** Marks what this plugin has asked for itself. */
const OURS = "packages";
/** The parts of `npm:/NAME@VERSION/PATH`: `NAME@VERSION`, `NAME`, `/PATH`. */
const SPECIFIER = /^npm:\/?((@?[^@]+)@[^/]+)(\/.*)?$/;

/** The key of the package that a file belongs to. */
function ownerOf(
  packages: Readonly<Record<string, Package>>,
  file: string,
): string | undefined {
  return Object.entries(packages).find(([, { localPath }]) => file.startsWith(`${localPath}/`))
    ?.[0];
}

async function list(entry: string, lock: string): Promise<Listing> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--frozen", `--lock=${lock}`, entry],
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return JSON.parse(new TextDecoder().decode(stdout));
  const [first] = new TextDecoder().decode(stderr).trim().split("\n");
  throw new UserError(`Cannot list the packages of ${entry}: ${first}`);
}

async function link(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.symlink(from, to, { type: "dir" });
}
