import assert from "node:assert/strict";
import { printedStatus, TextStream } from "../../core/streams.ts";

/** Takes so many bytes at a time, and then gives the errors. */
function writer(atOnce: number, errors: (Error | null)[] = []) {
  const taken: number[] = [];
  return {
    writeSync(bytes: Uint8Array): number {
      const error = errors.shift();
      if (error) throw error;
      taken.push(...bytes.subarray(0, atOnce));
      return Math.min(atOnce, bytes.length);
    },
    text: () => new TextDecoder().decode(Uint8Array.from(taken)),
  };
}

Deno.test("a text is written whole, though the system takes a piece of it at a time", () => {
  const pieces = writer(3), stream = new TextStream(pieces);
  stream.write("größer ");
  stream.line("a\u001b[2Jb\tc\nd");
  assert.equal(pieces.text(), "größer a\\u001b[2Jb\tc\nd\n");
  assert.equal(stream.failure, null);
});

Deno.test("a stream that fails takes nothing more, and nobody hears of it twice", () => {
  const broken = writer(100, [null, new Deno.errors.BrokenPipe("Broken pipe (os error 32)")]);
  const stream = new TextStream(broken);
  for (const line of ["one", "two", "three"]) stream.line(line);
  assert.equal(broken.text(), "one\n");
  assert.equal(stream.failure?.message, "Broken pipe (os error 32)");
  assert.equal(printedStatus(0, stream), 0);
});

Deno.test("a stream that gives no answer for the moment is asked again", () => {
  const slow = writer(100, [
    new Deno.errors.WouldBlock("Resource temporarily unavailable"),
    new Deno.errors.WouldBlock("Resource temporarily unavailable"),
  ]);
  const stream = new TextStream(slow);
  stream.line("one");
  assert.equal(slow.text(), "one\n");
});
