/**
 * Markup put together from trusted templates and untrusted values: whatever is no `Markup` is escaped.
 *
 * @module
 */

/** HTML or SVG that may stand in a page as it is. */
export class Markup {
  /** The text. */
  readonly text: string;

  /** Trusts a text. */
  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | null | readonly Value[];

/** A template: lists are joined, null is nothing, other values are escaped for text and for quoted attributes. */
export function markup(template: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(
    template.map((text, i) => text + (i < values.length ? textOf(values[i]!) : "")).join(""),
  );
}

function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(textOf).join("");
  return escapeText(String(value));
}

/** Escapes text for HTML and XML, in elements and in quoted attributes; characters that XML does not allow are dropped. */
function escapeText(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
