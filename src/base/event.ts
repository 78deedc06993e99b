import { toDisposable } from './disposable.ts';
import type { Disposable } from './disposable.ts';

/** What may be listened to: call it with a listener, dispose of what it returns to stop. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/** The sending side of an event. Listeners run at once, in the order in which they were added. */
export class Emitter<T> implements Disposable {
  #listeners: readonly ((value: T) => void)[] = [];

  readonly event: Event<T> = (listener) => {
    const entry = (value: T): void => listener(value);
    this.#listeners = [...this.#listeners, entry];
    return toDisposable(() => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    });
  };

  /** Calls every listener there was when the call began. */
  fire(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }

  dispose(): void {
    this.#listeners = [];
  }
}
