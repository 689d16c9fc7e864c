/** Sealed documents that a test has changed, as another run would have written them. */

import { formatSealed } from "../core/json_file.ts";

/** Writes a document with a fresh seal in place of the one it may have. */
export async function writeSealed(path: string, document: object): Promise<void> {
  const { sha256: _, ...content } = document as { readonly sha256?: string };
  await Deno.writeTextFile(path, formatSealed(content));
}
