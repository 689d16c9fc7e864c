// Goes in front of the page's script in tests: the browser forgets what not every browser has that the page is for, which are
// Chrome 127, Safari 26 and Firefox 141. Names as in MDN's browser-compat-data. deno-lint-ignore-file
for (
  const [holder, ...names] of [
    [globalThis, "AsyncDisposableStack", "DisposableStack", "SuppressedError", "Float16Array"],
    [globalThis, "Temporal", "scheduler", "requestIdleCallback"],
    [Atomics, "pause", "waitAsync"],
    [DataView.prototype, "getFloat16", "setFloat16"],
    [Error, "isError"],
    [Intl, "DurationFormat"],
    [Iterator, "concat", "zip", "zipKeyed"],
    [Map.prototype, "getOrInsert", "getOrInsertComputed"],
    [Math, "f16round", "sumPrecise"],
    [Promise, "allKeyed", "allSettledKeyed", "try"],
    [ReadableStream.prototype, "values", Symbol.asyncIterator],
    [RegExp, "escape"],
    [Uint8Array, "fromBase64", "fromHex"],
    [Uint8Array.prototype, "setFromBase64", "setFromHex", "toBase64", "toHex"],
    [WeakMap.prototype, "getOrInsert", "getOrInsertComputed"],
  ]
) {
  for (const name of names) delete holder[name];
}
