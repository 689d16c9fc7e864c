/**
 * How this processor multiplies and adds in WebAssembly's relaxed SIMD: with one rounding or with two, which the engine leaves
 * to the hardware. Sums of the CPU device differ in their last bits between the two, and in nothing else.
 *
 * @module
 */

/** A module that exports `f(a, b, c)`: lane 0 of `f32x4.relaxed_madd` of the three. */
// deno-fmt-ignore
const PROBE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  // A type: three f32 to one.
  0x01, 0x08, 0x01, 0x60, 0x03, 0x7d, 0x7d, 0x7d, 0x01, 0x7d,
  // A function of it, exported as `f`.
  0x03, 0x02, 0x01, 0x00,
  0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00,
  // Each argument into all lanes, f32x4.relaxed_madd, f32x4.extract_lane 0.
  0x0a, 0x16, 0x01, 0x14, 0x00,
  0x20, 0x00, 0xfd, 0x13,
  0x20, 0x01, 0xfd, 0x13,
  0x20, 0x02, 0xfd, 0x13,
  0xfd, 0x85, 0x02,
  0xfd, 0x1f, 0x00,
  0x0b,
]);

/** Whether the CPU device's multiply-adds round once (fused) and not twice. */
export function fusesMultiplyAdd(): boolean {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(PROBE));
  const madd = exports.f as (a: number, b: number, c: number) => number;
  // (1 + 2^-12)^2 is 1 + 2^-11 + 2^-24, whose last term no 32-bit float beside the 1 can hold.
  return madd(1 + 2 ** -12, 1 + 2 ** -12, -1 - 2 ** -11) !== 0;
}
