import type { Timer } from '../base/timer.ts';
import { NEVER } from '../base/units.ts';
import { CongestionWindow } from './congestion.ts';
import type { NetworkTime } from './network-time.ts';
import { RoundTrip } from './round-trip.ts';
import { SendBuffer } from './send-buffer.ts';
import { advance, distance } from './sequence.ts';

/** Retransmissions or window probes in a row that nothing answers, until the peer counts as gone: about 9 minutes. */
const MOST_RETRIES = 12;
const DUPLICATES = 3;

/** What the sending half needs of its connection. */
export interface SenderWire {
  readonly time: NetworkTime;
  /** Whether the cable takes a frame now. When false, `output` is called again once it does. */
  mayTransmit(): boolean;
  /** Payload bytes of one frame at most, which may stand for several segments. */
  readonly largestPayload: number;
  /** Sends `length` bytes of `buffer` from `offset` on, and FIN after them. */
  transmit(sequence: number, buffer: SendBuffer, offset: number, length: number, isLast: boolean): void;
  /** `output` is to be called soon. */
  schedule(): void;
  /** The peer has not answered for long. */
  onTimeout(): void;
}

/** The sending half of an open TCP connection (RFC 9293, 3.8). */
export class TcpSender {
  readonly buffer = new SendBuffer();
  /** The oldest byte that is not acknowledged (SND.UNA); `buffer` begins there. */
  #unacknowledged: number;
  /** What to send next (SND.NXT). It goes back to `#unacknowledged` after a timeout. */
  #next: number;
  /** The end of what was ever sent. */
  #highest: number;
  #ending = false;
  #endSent = false;
  #endAcknowledged = false;

  /** The peer's window in bytes, and the segment that told it (SND.WL1, SND.WL2). */
  #window = 0;
  #widest = 0;
  #windowSequence = 0;
  #windowAcknowledgement = 0;

  readonly #segmentSize: number;
  readonly #wire: SenderWire;
  readonly #congestion: CongestionWindow;
  readonly #roundTrip = new RoundTrip();
  /** The end of the segment whose round trip is measured, and when it left. */
  #timed: { readonly end: number; readonly sent: number } | undefined;
  readonly #retransmission: Timer;
  readonly #probe: Timer;
  #retries = 0;
  #duplicates = 0;
  /** Loss recovery ends when this is acknowledged. */
  #recover: number;
  #resendFirst = false;

  /** `next` is the sequence number of the first byte of data; `segmentSize` the payload of a segment at most. */
  constructor(wire: SenderWire, next: number, segmentSize: number) {
    this.#wire = wire;
    this.#unacknowledged = next;
    this.#next = next;
    this.#highest = next;
    this.#recover = next;
    this.#segmentSize = segmentSize;
    this.#congestion = new CongestionWindow(segmentSize);
    this.#retransmission = wire.time.timer(() => this.#timeout());
    this.#probe = wire.time.timer(() => this.#sendProbe());
  }

  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** The sequence number for segments that carry nothing. */
  get next(): number {
    return this.#highest;
  }

  get endSent(): boolean {
    return this.#endSent;
  }

  /** Whether the peer has acknowledged everything, our FIN included. */
  get isDone(): boolean {
    return this.#endAcknowledged;
  }

  /** Sends FIN after what is in the buffer. */
  end(): void {
    this.#ending = true;
    this.#wire.schedule();
  }

  /** The peer's first window, in bytes. */
  begin(window: number, sequence: number, acknowledgement: number): void {
    this.#setWindow(window, sequence, acknowledgement);
  }

  /**
   * Takes the acknowledgement and the window (bytes) of an acceptable segment. False when it acknowledges what
   * was never sent.
   */
  acknowledge(acknowledgement: number, sequence: number, window: number, isEmpty: boolean): boolean {
    if (distance(acknowledgement, this.#highest) > 0) return false;
    const count = distance(acknowledgement, this.#unacknowledged);
    if (count < 0) return true;
    const isSameWindow = window === this.#window;
    const later = distance(sequence, this.#windowSequence);
    if (later > 0 || (later === 0 && distance(acknowledgement, this.#windowAcknowledgement) >= 0)) {
      this.#setWindow(window, sequence, acknowledgement);
    }
    // Whoever answers window probes is alive.
    if (this.#next === this.#unacknowledged) this.#retries = 0;
    if (count > 0) this.#advance(acknowledgement, count);
    else if (isEmpty && isSameWindow && this.#next !== this.#unacknowledged) this.#countDuplicate();
    return true;
  }

  /** Sends what windows, cable and buffer allow. */
  output(): void {
    if (this.#resendFirst && this.#wire.mayTransmit()) this.#retransmitFirst();
    while (this.#sendNext());
    const isIdle = this.#next === this.#unacknowledged;
    if (!isIdle || this.buffer.length === 0) this.#probe.cancel();
    else if (this.#probe.deadline === NEVER && this.#wire.mayTransmit()) this.#armProbe();
  }

  cancel(): void {
    this.#retransmission.cancel();
    this.#probe.cancel();
  }

  /** Sends one segment, or frame of several, when it may. */
  #sendNext(): boolean {
    const flight = distance(this.#next, this.#unacknowledged);
    const unsent = this.buffer.length - flight;
    if (unsent < 0) return false;
    const usable = Math.min(this.#window, this.#congestion.size) - flight;
    let length = Math.max(0, Math.min(unsent, usable, this.#wire.largestPayload));
    if (length > this.#segmentSize && length < unsent) length -= length % this.#segmentSize;
    const takesRest = length === unsent;
    const isLast = takesRest && this.#ending && !this.#endAcknowledged;
    if (length === 0 && !isLast) return false;
    // Silly window avoidance: no small segments while more is to come (RFC 9293, 3.8.6.2.1).
    if (!takesRest && length < this.#segmentSize && length < this.#widest / 2) return false;
    if (!this.#wire.mayTransmit()) return false;
    this.#wire.transmit(this.#next, this.buffer, flight, length, isLast);
    const isNew = this.#next === this.#highest;
    this.#next = advance(this.#next, length + (isLast ? 1 : 0));
    if (distance(this.#next, this.#highest) > 0) this.#highest = this.#next;
    if (isLast) this.#endSent = true;
    if (isNew && this.#timed === undefined) this.#timed = { end: this.#next, sent: this.#wire.time.now() };
    if (this.#retransmission.deadline === NEVER) this.#armRetransmission();
    return !isLast;
  }

  #setWindow(window: number, sequence: number, acknowledgement: number): void {
    if (window > this.#window) this.#probe.cancel();
    this.#window = window;
    this.#widest = Math.max(this.#widest, window);
    this.#windowSequence = sequence;
    this.#windowAcknowledgement = acknowledgement;
    this.#wire.schedule();
  }

  #advance(acknowledgement: number, count: number): void {
    const dataCount = Math.min(count, this.buffer.length);
    this.buffer.drop(dataCount);
    if (count > dataCount) this.#endAcknowledged = true;
    this.#unacknowledged = acknowledgement;
    if (distance(this.#next, acknowledgement) < 0) this.#next = acknowledgement;
    if (this.#timed !== undefined && distance(acknowledgement, this.#timed.end) >= 0) {
      this.#roundTrip.sample(this.#wire.time.now() - this.#timed.sent);
      this.#timed = undefined;
    }
    this.#roundTrip.settle();
    this.#retries = 0;
    this.#duplicates = 0;
    if (this.#congestion.isRecovering && distance(acknowledgement, this.#recover) >= 0) {
      this.#congestion.leaveRecovery();
    } else {
      this.#congestion.grow(count);
      // A partial acknowledgement tells of the next loss.
      if (this.#congestion.isRecovering) this.#resendFirst = true;
    }
    if (this.#next === this.#unacknowledged) this.#retransmission.cancel();
    else this.#armRetransmission();
    this.#wire.schedule();
  }

  #countDuplicate(): void {
    this.#duplicates += 1;
    if (this.#congestion.isRecovering) this.#congestion.inflate();
    else if (this.#duplicates === DUPLICATES && distance(this.#unacknowledged, this.#recover) >= 0) {
      this.#congestion.enterRecovery(distance(this.#next, this.#unacknowledged));
      this.#recover = this.#highest;
      this.#resendFirst = true;
    } else return;
    this.#wire.schedule();
  }

  #retransmitFirst(): void {
    this.#resendFirst = false;
    const flight = distance(this.#next, this.#unacknowledged);
    if (flight <= 0) return;
    const length = Math.min(this.buffer.length, flight, this.#wire.largestPayload);
    const isLast = this.#endSent && length === this.buffer.length && flight > length;
    this.#timed = undefined;
    this.#wire.transmit(this.#unacknowledged, this.buffer, 0, length, isLast);
    this.#armRetransmission();
  }

  #armRetransmission(): void {
    this.#retransmission.arm(this.#wire.time.now() + this.#roundTrip.timeout);
  }

  #timeout(): void {
    // While the guest takes no frames at all, as before its driver runs, nothing was lost.
    if (!this.#wire.mayTransmit()) return this.#armRetransmission();
    this.#retries += 1;
    if (this.#retries > MOST_RETRIES) return this.#wire.onTimeout();
    this.#congestion.collapse(distance(this.#next, this.#unacknowledged));
    this.#roundTrip.backOff();
    this.#timed = undefined;
    this.#duplicates = 0;
    this.#resendFirst = false;
    this.#recover = this.#highest;
    this.#next = this.#unacknowledged;
    this.output();
  }

  #armProbe(): void {
    this.#probe.arm(this.#wire.time.now() + this.#roundTrip.timeout);
  }

  /** Nothing is under way and the window is too small for what is to be sent (RFC 9293, 3.8.6.1). */
  #sendProbe(): void {
    if (!this.#wire.mayTransmit()) return this.#armProbe();
    this.#retries += 1;
    if (this.#retries > MOST_RETRIES) return this.#wire.onTimeout();
    const length = Math.min(Math.max(1, this.#window), this.buffer.length, this.#segmentSize);
    this.#wire.transmit(this.#unacknowledged, this.buffer, 0, length, false);
    const end = advance(this.#unacknowledged, length);
    if (distance(end, this.#highest) > 0) this.#highest = end;
    if (this.#window > 0) {
      this.#next = end;
      this.#armRetransmission();
      return;
    }
    this.#roundTrip.backOff();
    this.#armProbe();
  }
}
