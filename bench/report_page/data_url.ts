/**
 * Files inside the page.
 *
 * @module
 */

/** A text as a `data:` address. */
export function dataUrl(type: string, text: string): string {
  return `data:${type};charset=utf-8;base64,${new TextEncoder().encode(text).toBase64()}`;
}
