// The words that begin a minibatch's lookups on the device; the host packs them in kernels/webgpu/lookups.ts.
const BAGS = 0u;
// Places of the sections that follow.
const ROWS = 1u;
// 0 when every bag has exactly one lookup.
const OFFSETS = 2u;
const UNIQUE_ROWS = 3u;
const SEGMENTS = 4u;
const POSITIONS = 5u;
// Numbers of the unique rows whose segments are long.
const LONG = 6u;
// First unique row of each table, and the total; the same of the long ones.
const TABLE_UNIQUE = 7u;
const TABLE_LONG = 8u;
