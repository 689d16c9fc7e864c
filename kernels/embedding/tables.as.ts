// Access to the embedding tables' memory; tables.wat has the bodies.

@external("tables", "load")
export declare function load(address: i64): v128;
@external("tables", "store")
export declare function store(address: i64, value: v128): void;
@external("tables", "loadF32")
export declare function loadF32(address: i64): f32;
@external("tables", "storeF32")
export declare function storeF32(address: i64, value: f32): void;
