;; Access to the embedding tables, which lie in a shared memory of their own with 64-bit addresses. AssemblyScript
;; knows one memory only, so embedding.as.ts declares these functions as imports, and the build puts them in.
(module
  (import "env" "tables" (memory $tables i64 0 262144 shared))
  (func $tables.load (param i64) (result v128)
    (v128.load $tables align=4 (local.get 0)))
  (func $tables.store (param i64 v128)
    (v128.store $tables align=4 (local.get 0) (local.get 1)))
  (func $tables.loadF32 (param i64) (result f32)
    (f32.load $tables (local.get 0)))
  (func $tables.storeF32 (param i64 f32)
    (f32.store $tables (local.get 0) (local.get 1)))
)
