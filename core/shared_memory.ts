/**
 * Memory that threads can share.
 *
 * @module
 */

/**
 * Memory of some bytes, all 0, that other threads can be given. A browser gives a page none unless its server asks for it by
 * headers, and there are no threads that would need it then: there it is plain memory.
 */
export function shareable(bytes: number): ArrayBuffer | SharedArrayBuffer {
  return typeof SharedArrayBuffer === "undefined"
    ? new ArrayBuffer(bytes)
    : new SharedArrayBuffer(bytes);
}
