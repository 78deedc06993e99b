/** The cable has no other users, so that we begin wide (bytes). */
const INITIAL = 256 * 1024;
const LARGEST = 4 * 1024 * 1024;

/** The congestion window of one connection: slow start, avoidance and NewReno (RFC 5681, RFC 6582). */
export class CongestionWindow {
  /** How many bytes may be under way. */
  size = INITIAL;
  #threshold = LARGEST;
  #recovering = false;
  readonly #segmentSize: number;

  constructor(segmentSize: number) {
    this.#segmentSize = segmentSize;
  }

  get isRecovering(): boolean {
    return this.#recovering;
  }

  /** `count` bytes were acknowledged in order. */
  grow(count: number): void {
    if (this.#recovering) {
      // A partial acknowledgement: what it took off the wire may be sent, and one segment more.
      this.size = Math.max(this.size - count + this.#segmentSize, this.#segmentSize);
      return;
    }
    const added =
      this.size < this.#threshold ? count : Math.max(1, Math.floor((this.#segmentSize * count) / this.size));
    this.size = Math.min(this.size + added, LARGEST);
  }

  /** Another duplicate acknowledgement while recovering: a segment has left the wire. */
  inflate(): void {
    this.size = Math.min(this.size + this.#segmentSize, LARGEST);
  }

  /** Three duplicate acknowledgements came while `flight` bytes were under way. */
  enterRecovery(flight: number): void {
    this.#threshold = Math.max(Math.floor(flight / 2), 2 * this.#segmentSize);
    this.size = this.#threshold + 3 * this.#segmentSize;
    this.#recovering = true;
  }

  /** All that was under way when the recovery began has arrived. */
  leaveRecovery(): void {
    this.size = this.#threshold;
    this.#recovering = false;
  }

  /** A retransmission timeout passed while `flight` bytes were under way. */
  collapse(flight: number): void {
    this.#threshold = Math.max(Math.floor(flight / 2), 2 * this.#segmentSize);
    this.size = this.#segmentSize;
    this.#recovering = false;
  }
}
