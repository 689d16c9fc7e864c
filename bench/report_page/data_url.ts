/**
 * Files inside the page.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** A text as a `data:` address. */
export function dataUrl(type: string, text: string): string {
  return `data:${type};charset=utf-8;base64,${Buffer.from(text).toString("base64")}`;
}
