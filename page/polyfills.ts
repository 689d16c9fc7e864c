/**
 * What browsers without explicit resource management lack: the names under which things are disposed of, and the stack of
 * them. It has to run before any other module, whose classes use the names.
 *
 * @module
 */

/** The part of `DisposableStack` that the project uses. */
class Stack {
  #undo: (() => void)[] | null = [];

  get disposed(): boolean {
    return this.#undo === null;
  }

  use<T extends Disposable | null | undefined>(value: T): T {
    if (value !== null && value !== undefined) this.defer(() => value[Symbol.dispose]());
    return value;
  }

  adopt<T>(value: T, dispose: (value: T) => void): T {
    this.defer(() => dispose(value));
    return value;
  }

  defer(dispose: () => void): void {
    if (this.#undo === null) throw new ReferenceError("Cannot use a stack that is disposed of");
    this.#undo.push(dispose);
  }

  move(): Stack {
    const moved = new Stack();
    moved.#undo = this.#undo;
    this.#undo = null;
    return moved;
  }

  dispose(): void {
    const undo = this.#undo ?? [];
    this.#undo = null;
    const errors: unknown[] = [];
    for (const dispose of undo.reverse()) {
      try {
        dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

for (const name of ["dispose", "asyncDispose"] as const) {
  if (Symbol[name] === undefined) {
    Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });
  }
}
if (!("DisposableStack" in globalThis)) {
  Object.defineProperty(Stack.prototype, Symbol.dispose, { value: Stack.prototype.dispose });
  Object.defineProperty(globalThis, "DisposableStack", { value: Stack });
}
