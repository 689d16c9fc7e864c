/** The production modules and what each imports, read from their text. */

import { dirname, join, normalize } from "node:path/posix";
import { ROOT } from "./page.ts";

/** Rooms of production code. */
export const ROOMS = [
  "core",
  "figures",
  "kernels",
  "data",
  "train",
  "sim",
  "bench",
  "page",
] as const;
export type Room = typeof ROOMS[number];

/** One import of another module of the project. */
export interface ModuleImport {
  /** From the root of the project: `core/files.ts`. */
  readonly to: string;
  /**
   * `type`: gone when the module runs. `value`: the other module runs before this one. `later`: a dynamic import, or a worker's
   * file, which runs when it is asked for.
   */
  readonly kind: "type" | "value" | "later";
}

/** Every module of the rooms and `mod.ts`, by its path from the root, with its imports. */
export function readModules(): ReadonlyMap<string, readonly ModuleImport[]> {
  const paths = [...ROOMS.flatMap((room) => modulesBelow(room)), "mod.ts"];
  return new Map(
    paths.map((path) => [path, importsOf(path, Deno.readTextFileSync(`${ROOT}${path}`))]),
  );
}

/** AssemblyScript sources, which are compiled into the WASM module, are left out. */
function modulesBelow(folder: string): string[] {
  return [...Deno.readDirSync(`${ROOT}${folder}`)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return modulesBelow(path);
    return name.endsWith(".ts") && !name.endsWith(".as.ts") ? [path] : [];
  });
}

const STATIC = /^(?:import|export)\s+(?:([^"';]*?)\s*from\s+)?"([^"]+)"/gm;
const LATER = /\bimport\(\s*"([^"]+)"|new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url/g;

/** Imports of relative paths in a module's text; those in comments are examples. */
export function importsOf(path: string, text: string): ModuleImport[] {
  const code = withoutComments(text);
  const found = [
    ...Array.from(code.matchAll(STATIC), ([, clause = "", to]) => ({
      to: to!,
      kind: isOfTypes(clause) ? "type" as const : "value" as const,
    })),
    ...Array.from(code.matchAll(LATER), ([, imported, worker]) => ({
      to: imported ?? worker!,
      kind: "later" as const,
    })),
  ];
  return found.filter(({ to }) => to.startsWith(".") && to.endsWith(".ts"))
    .map(({ to, kind }) => ({ to: normalize(join(dirname(path), to)), kind }));
}

/** A module's text without its comments. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}

/** Whether what stands between `import` and `from` names types alone. */
function isOfTypes(clause: string): boolean {
  if (/^type\b/.test(clause)) return true;
  const names = /^\{([^]*)\}$/.exec(clause)?.[1]?.split(",").map((name) => name.trim())
    .filter((name) => name !== "");
  return names !== undefined && names.length > 0 && names.every((name) => /^type\s/.test(name));
}

/**
 * Groups of nodes from each of which every other one of the group is reached, in a graph (Tarjan 1972); nodes that only reach
 * themselves through no edge are left out.
 */
export function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>(), lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node)!);
    open.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) {
        lowest.set(node, Math.min(lowest.get(node)!, lowest.get(next)!));
      }
    }
    if (lowest.get(node) !== order.get(node)) return;
    const circle = open.splice(open.indexOf(node));
    if (circle.length > 1 || graph.get(node)?.includes(node)) circles.push(circle);
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles;
}
