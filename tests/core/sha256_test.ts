/** The hash of browsers is the hash of Deno. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PortableSha256 } from "../../core/sha256.ts";

Deno.test("PortableSha256 gives the digests of FIPS 180-4's examples", () => {
  const hash = (text: string): string => new PortableSha256().update(text).hex();
  assert.equal(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

Deno.test("PortableSha256 is node:crypto's for every length about a block, in pieces or at once", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) % 256);
    const want = createHash("sha256").update(bytes).digest("hex");
    assert.equal(new PortableSha256().update(bytes).hex(), want, `${length} bytes`);
    const cut = Math.floor(length / 3);
    const pieces = new PortableSha256().update(bytes.subarray(0, cut)).update(bytes.subarray(cut));
    assert.equal(pieces.hex(), want, `${length} bytes in two pieces`);
  }
});
