/** What `mod.ts` exports grows only on purpose: its table of contents names every function and class by category. */

import assert from "node:assert/strict";
import * as surface from "../../mod.ts";
import { ROOT } from "./page.ts";

/** Functions and classes together; a larger surface is one that nobody reads. */
const MOST = 70;

/** A symbol in the output of `deno doc --json`. */
interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly jsDoc?: {
      readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
    };
  }[];
}

async function documented(): Promise<{ symbols: DocSymbol[] }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "mod.ts"],
    cwd: ROOT,
    stdin: "null",
    stderr: "null",
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { symbols: DocSymbol[] }>;
  };
  return Object.values(nodes)[0]!;
}

/** Functions and classes by category, as the documentation of `mod.ts` lists them. */
function listed(): Map<string, readonly string[]> {
  const [head] = Deno.readTextFileSync(`${ROOT}mod.ts`).split("@example");
  return new Map(
    Array.from(
      head!.matchAll(/^ \* - ([^`]+): (`.*)$/gm),
      ([, category, names]) =>
        [category!, Array.from(names!.matchAll(/`(\w+)`/g), ([, name]) => name!)] as const,
    ),
  );
}

Deno.test("mod.ts lists every function and class that it exports, each under its category", async () => {
  const exported = Object.entries(surface).filter(([, value]) => typeof value === "function")
    .map(([name]) => name);
  assert.ok(exported.length <= MOST, `${exported.length} functions and classes`);
  const { symbols } = await documented();
  const categories = new Map<string, string[]>();
  for (const name of exported) {
    const symbol = symbols.find((candidate) => candidate.name === name)!;
    const tag = symbol.declarations.flatMap(({ jsDoc }) => jsDoc?.tags ?? [])
      .find(({ kind }) => kind === "category");
    assert.ok(tag, `${name} has no @category`);
    const category = tag.doc!.trim();
    categories.set(category, [...categories.get(category) ?? [], name]);
  }
  const sorted = (map: ReadonlyMap<string, readonly string[]>) =>
    Object.fromEntries(
      [...map].map(([category, names]) =>
        [category, names.filter((name) => name !== "systemParts").toSorted()] as const
      ),
    );
  assert.deepEqual(sorted(listed()), sorted(categories));
});
