import { SECOND } from '../base/units.ts';
import type { Nanoseconds } from '../base/units.ts';

const INITIAL = SECOND;
const SHORTEST = 0.2 * SECOND;
const LONGEST = 60 * SECOND;

/** How long to wait for an acknowledgement before a retransmission (RFC 6298). */
export class RoundTrip {
  #smoothed = 0;
  #variation = 0;
  #timeout = INITIAL;
  #backoff = 1;

  get timeout(): Nanoseconds {
    return Math.min(this.#timeout * this.#backoff, LONGEST);
  }

  /** Takes the time from a segment to its acknowledgement, of segments sent once only (Karn's algorithm). */
  sample(time: Nanoseconds): void {
    if (this.#smoothed === 0) {
      this.#smoothed = time;
      this.#variation = time / 2;
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - time);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * time;
    }
    this.#timeout = Math.max(SHORTEST, this.#smoothed + 4 * this.#variation);
  }

  /** Doubles the timeout after it has passed in vain. */
  backOff(): void {
    this.#backoff = Math.min(this.#backoff * 2, 1024);
  }

  /** New data were acknowledged: the timeout is what was measured again. */
  settle(): void {
    this.#backoff = 1;
  }
}
