/**
 * What the page's script adds to a page that can be read without it: values of charts, highlights, sorted tables, the
 * calculator. A file each, in plain JavaScript, since it goes into the page as it is; a page with a script of its own imports
 * {@linkcode enhance} from `enhance.js`.
 *
 * @module
 */

import calculator from "./calculator.js" with { type: "text" };
import enhance from "./enhance.js" with { type: "text" };
import highlight from "./highlight.js" with { type: "text" };
import sort from "./sort.js" with { type: "text" };
import values from "./values.js" with { type: "text" };

/** All of it in one function, so that no part has names in the page. */
export const SCRIPT: string = [
  ...['"use strict";', "(() => {"],
  ...[values, highlight, sort, calculator, enhance].map(withoutModules),
  ...["enhance(document.body);", "})();"],
].join("\n");

/** A module's text as a part of a script that holds what it imports. */
function withoutModules(text: string): string {
  return text.replaceAll(/^import .*\n/gm, "").replaceAll(/^export /gm, "");
}

/** The digest by which a page's policy allows it, and no other script. */
export async function scriptDigest(): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(SCRIPT));
  return `sha256-${new Uint8Array(digest).toBase64()}`;
}
