// Running a domain under everything that can end it from outside: signals, the time limit, a closed output.

import { DisposableStore, toDisposable } from '../../base/disposable.ts';
import { UserError } from '../../base/errors.ts';
import { onTermination, statusOfSignal } from '../../host/node/termination.ts';
import type { Outcome } from '../../machine/outcome.ts';
import type { Domain } from './domain.ts';
import { TIMED_OUT } from './report.ts';

// setTimeout's longest wait; no run gets that old.
const LONGEST_TIMER = 2 ** 31 - 1;

/** How a run came to its end: by the guest itself, or by something outside that had a status or an error for it. */
export type Ending = { readonly outcome: Outcome } | { readonly status: number } | { readonly error: UserError };

export class Supervisor {
  readonly #resources = new DisposableStore();
  #domain: Domain | undefined;
  #ending: Ending | undefined;

  /** `timeout` is in milliseconds. It starts now. */
  constructor(timeout: number | undefined) {
    this.#resources.add(onTermination((signal) => this.end({ status: statusOfSignal(signal) })));
    if (timeout === undefined) return;
    const timer = setTimeout(
      () =>
        this.end({
          error: new UserError(`The guest still ran when its time of ${timeout / 1000} s was up.`, {
            status: TIMED_OUT,
          }),
        }),
      Math.min(timeout, LONGEST_TIMER),
    );
    this.#resources.add(toDisposable(() => clearTimeout(timer)));
  }

  /** Whether something outside has ended the run. */
  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** Ends the run; the first reason counts. */
  end(ending: Ending): void {
    this.#ending ??= ending;
    this.#domain?.stop();
  }

  /** Runs the domain to its end. */
  async run(domain: Domain): Promise<Ending> {
    this.#domain = domain;
    if (this.#ending !== undefined) return this.#ending;
    const outcome = await domain.start();
    return this.#ending ?? { outcome };
  }

  dispose(): void {
    this.#resources.dispose();
  }
}
