// Turns of the run loop: between two of them the host's other tasks run.

/** Waits shorter than this, in milliseconds, are not left to a timer, which may take as long again to fire. */
const SHORTEST_TIMER = 0.5;
/** Timers of the host take 32 bits. */
const LONGEST_TIMER = 2 ** 30;

/**
 * Node's way to run after the host's other tasks. There, a message that answers a message is delivered before timers,
 * signals and input are looked at, up to a thousand times.
 */
const { setImmediate } = globalThis as { readonly setImmediate?: (task: () => void) => unknown };

/** Gives way to the host's other tasks. A timer of 0 ms would take a whole one, so that a message to oneself is used. */
export class HostTasks {
  readonly #channel = setImmediate === undefined ? new MessageChannel() : null;
  #resolve: (() => void) | null = null;
  #timer: unknown = null;

  constructor() {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- this starts the port as well
    if (this.#channel !== null) this.#channel.port1.onmessage = () => this.wake();
  }

  /**
   * Resolves when the host's waiting tasks have run and `milliseconds` (0 or more, Infinity: until `wake`) have passed, or
   * `wake` was called.
   */
  giveWay(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (milliseconds < SHORTEST_TIMER) this.#soon();
      // A timer without end keeps the process alive: input may come.
      else this.#timer = setTimeout(() => this.wake(), Math.min(Math.round(milliseconds), LONGEST_TIMER));
    });
  }

  #soon(): void {
    if (this.#channel !== null) this.#channel.port2.postMessage(null);
    else setImmediate?.(() => this.wake());
  }

  /** Ends the wait. */
  wake(): void {
    clearTimeout(this.#timer);
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#channel?.port1.close();
  }
}
