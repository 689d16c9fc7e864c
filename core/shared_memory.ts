/**
 * Memory that other threads can read, where the runtime has it.
 *
 * @module
 */

/**
 * Bytes that a message passes to other threads without a copy. A page of a browser has such memory only if its server asks
 * for isolation (https://developer.mozilla.org/docs/Web/API/Window/crossOriginIsolated); elsewhere it gets its own, which does
 * for one thread.
 */
export function sharedBytes(length: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer !== "undefined") return new SharedArrayBuffer(length);
  return new ArrayBuffer(length) as unknown as SharedArrayBuffer;
}
