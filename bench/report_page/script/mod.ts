/**
 * What the page's script adds to a page that can be read without it: values of charts, highlights, sorted tables, the
 * calculator. A file each, in plain JavaScript, since it goes into the page as it is.
 *
 * @module
 */

import calculator from "./calculator.js" with { type: "text" };
import highlight from "./highlight.js" with { type: "text" };
import sort from "./sort.js" with { type: "text" };
import values from "./values.js" with { type: "text" };

/** All of it; no part has names in the page. */
export const SCRIPT: string = ['"use strict";', values, highlight, sort, calculator].join("\n");

/** The digest by which a page's policy allows it, and no other script. */
export async function scriptDigest(): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(SCRIPT));
  return `sha256-${new Uint8Array(digest).toBase64()}`;
}
