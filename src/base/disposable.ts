/** Something that holds a resource until `dispose` is called. Calling it again does nothing. */
export interface Disposable {
  dispose(): void;
}

/** A disposable that runs `action` the first time it is disposed of. */
export const toDisposable = (action: () => void): Disposable => {
  let pending: (() => void) | undefined = action;
  return {
    dispose() {
      const run = pending;
      pending = undefined;
      run?.();
    },
  };
};

/** Owns other disposables and disposes of them together, the last added first. */
export class DisposableStore implements Disposable {
  #items: Disposable[] = [];
  #disposed = false;

  /** Takes ownership of `item` and returns it. Added to a disposed store, it is disposed of at once. */
  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  dispose(): void {
    this.#disposed = true;
    const items = this.#items;
    this.#items = [];
    for (const item of items.toReversed()) item.dispose();
  }
}
