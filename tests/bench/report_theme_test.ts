import assert from "node:assert/strict";
import { colours, themeCss } from "../../figures/theme.ts";

/** Contrast as WCAG 2 defines it. */
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const n = parseInt(hex.slice(at, at + 2), 16) / 255;
    return n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

for (const [surface, name] of ["light", "dark"].entries()) {
  Deno.test(`text has a contrast of 4.5 and marks of 3 on a ${name} surface`, () => {
    const all = colours();
    const of = (property: string) => all[property]![surface]!;
    for (
      const ink of [
        "ink",
        "muted",
        "link",
        "measured-ink",
        "generated-ink",
        "predicted-ink",
        "published-ink",
      ]
    ) {
      assert.ok(contrast(of(ink), of("paper")) >= 4.5, ink);
    }
    assert.ok(contrast(of("muted"), of("raised")) >= 4.5);
    for (
      const text of ["alert", "measured-ink", "generated-ink", "predicted-ink", "published-ink"]
    ) {
      const on = text === "alert" ? "alert-surface" : text.replace("ink", "surface");
      assert.ok(contrast(of(text), of(on)) >= 4.5, text);
    }
    for (const property of Object.keys(all).filter((key) => /-\d+$/.test(key))) {
      const ratio = contrast(of(property), of("paper"));
      assert.ok(ratio >= 3, `${property} ${of(property)}: ${ratio}`);
    }
  });

  Deno.test(`the first series differ from their neighbours in lightness on a ${name} surface`, () => {
    for (const origin of ["measured", "generated", "predicted", "published"]) {
      for (const i of [1, 2, 3]) {
        const [a, b] = [i, i + 1].map((n) => colours()[`${origin}-${n}`]![surface]!);
        assert.ok(contrast(a!, b!) >= 1.25, `${origin} ${i}: ${contrast(a!, b!)}`);
      }
    }
  });
}

Deno.test("themeCss() defines every property for light, and again for dark screens", () => {
  const [light, dark] = themeCss(":root").split("@media screen and (prefers-color-scheme:dark)");
  for (const [name, shades] of Object.entries(colours())) {
    assert.ok(light!.includes(`--${name}:${shades[0]}`), name);
    assert.ok(dark!.includes(`--${name}:${shades[1]}`), name);
  }
});
