/**
 * What an op costs, as functions of its shape: the one place that benches and the simulator read.
 *
 * @module
 */

/** FLOPs and bytes of one op. */
export interface OpRecord<Shape> {
  readonly name: string;
  /** Floating-point operations; a multiply-add counts 2. */
  flops(shape: Shape): number;
  /** Bytes that have to move between memory and the arithmetic at least once (each operand read or written once). */
  bytes(shape: Shape): number;
}
