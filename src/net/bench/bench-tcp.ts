import type { Timer } from '../../base/timer.ts';
import { SECOND } from '../../base/units.ts';
import type { Ipv4Address } from '../ipv4-address.ts';
import type { NetworkTime } from '../network-time.ts';
import { advance, distance } from '../sequence.ts';
import { TCP } from '../tcp-segment.ts';
import type { TcpSegment } from '../tcp-segment.ts';

export interface BenchTcpOptions {
  readonly port: number;
  readonly remote: Ipv4Address;
  readonly remotePort: number;
  readonly time: NetworkTime;
  /** Puts a segment on the wire, or loses it. */
  readonly transmit: (segment: TcpSegment) => void;
  readonly segmentSize?: number;
  /** Undefined: the option is left out. */
  readonly windowScale?: number;
  readonly initial?: number;
}

/** A guest's end of a TCP connection, as simple as may be: go-back-N with a fixed timeout. */
export class BenchTcp {
  readonly received: number[] = [];
  /** How many bytes more it takes; a test lowers and raises it. */
  room = 65_535;
  state: 'closed' | 'syn-sent' | 'open' | 'reset' = 'closed';
  peerEnded = false;
  endAcknowledged = false;
  peerWindow = 0;
  peerSegmentSize = 0;
  peerScale: number | undefined;
  segments = 0;
  duplicates = 0;
  next: number;
  expected = 0;
  readonly #options: BenchTcpOptions;
  readonly #timer: Timer;
  readonly #segmentSize: number;
  #unacknowledged: number;
  #sending: number[] = [];
  #ending = false;
  #kept = new Map<number, TcpSegment>();

  constructor(options: BenchTcpOptions) {
    this.#options = options;
    this.#segmentSize = options.segmentSize ?? 1460;
    this.next = options.initial ?? 0xffff_f000;
    this.#unacknowledged = this.next;
    this.#timer = options.time.timer(() => this.#retransmit());
  }

  connect(): void {
    this.state = 'syn-sent';
    this.#sendSyn(TCP.syn);
  }

  /** Answers a SYN that came, as a listener does. */
  answer(syn: TcpSegment): void {
    this.expected = advance(syn.sequence, 1);
    this.#meet(syn);
    this.state = 'open';
    this.#sendSyn(TCP.syn | TCP.ack);
    this.next = advance(this.next, 1);
    this.#unacknowledged = this.next;
  }

  /** Stops for good, without a word. */
  abandon(): void {
    this.state = 'closed';
    this.#timer.cancel();
  }

  write(bytes: Iterable<number>): void {
    for (const byte of bytes) this.#sending.push(byte);
    this.#output();
  }

  get unsent(): number {
    return this.#sending.length;
  }

  end(): void {
    this.#ending = true;
    this.#output();
  }

  /** Says how much it takes now. */
  update(): void {
    this.send(TCP.ack, this.next);
  }

  send(flags: number, sequence: number, payload: Uint8Array = new Uint8Array(0)): void {
    this.#options.transmit({
      sourcePort: this.#options.port,
      destinationPort: this.#options.remotePort,
      sequence,
      acknowledgement: (flags & TCP.ack) === 0 ? 0 : this.expected,
      flags,
      window: Math.min(0xffff, Math.max(0, this.room) >> this.#ownScale()),
      payload,
    });
  }

  receive(segment: TcpSegment): void {
    this.segments += 1;
    const { flags, acknowledgement, sequence } = segment;
    if ((flags & TCP.rst) !== 0) {
      this.state = 'reset';
      this.#timer.cancel();
      return;
    }
    if (this.state === 'syn-sent') {
      if ((flags & TCP.syn) === 0 || acknowledgement !== advance(this.next, 1)) return;
      this.state = 'open';
      this.next = acknowledgement;
      this.#unacknowledged = acknowledgement;
      this.expected = advance(sequence, 1);
      this.#meet(segment);
      this.#timer.cancel();
      this.update();
      return this.#output();
    }
    if (this.state !== 'open' || (flags & TCP.syn) !== 0) return;
    this.peerWindow = segment.window << (this.#options.windowScale === undefined ? 0 : (this.peerScale ?? 0));
    this.#takeAcknowledgement(acknowledgement);
    if (segment.payload.length > 0 || (flags & TCP.fin) !== 0) {
      this.#takePayload(segment);
      this.update();
    } else if (distance(sequence, this.expected) < 0) this.update();
    this.#output();
  }

  #takeAcknowledgement(acknowledgement: number): void {
    const count = distance(acknowledgement, this.#unacknowledged);
    if (count <= 0) return;
    if (count > this.#sending.length && this.#ending) this.endAcknowledged = true;
    this.#sending.splice(0, count);
    this.#unacknowledged = acknowledgement;
    if (distance(this.next, acknowledgement) < 0) this.next = acknowledgement;
    this.#timer.cancel();
  }

  #takePayload(segment: TcpSegment): void {
    const old = distance(this.expected, segment.sequence);
    if (old < 0) {
      if (this.#kept.size < 64) this.#kept.set(segment.sequence, segment);
      return;
    }
    if (old >= segment.payload.length + ((segment.flags & TCP.fin) === 0 ? 0 : 1)) {
      this.duplicates += 1;
      return;
    }
    const fresh = segment.payload.subarray(old, old + Math.max(0, this.room));
    for (const byte of fresh) this.received.push(byte);
    this.room -= fresh.length;
    this.expected = advance(this.expected, fresh.length);
    const isWhole = old + fresh.length === segment.payload.length;
    if (isWhole && (segment.flags & TCP.fin) !== 0 && !this.peerEnded) {
      this.peerEnded = true;
      this.expected = advance(this.expected, 1);
    }
    for (const [sequence, kept] of this.#kept) {
      if (distance(sequence, this.expected) > 0) continue;
      this.#kept.delete(sequence);
      this.#takePayload(kept);
    }
  }

  #output(): void {
    if (this.state !== 'open') return;
    for (;;) {
      const flight = distance(this.next, this.#unacknowledged);
      const unsent = this.#sending.length - flight;
      if (unsent < 0) break;
      const length = Math.min(unsent, this.peerWindow - flight, this.#segmentSize, this.peerSegmentSize || 536);
      if (length > 0) {
        const payload = Uint8Array.from(this.#sending.slice(flight, flight + length));
        this.send(TCP.ack | TCP.psh, this.next, payload);
        this.next = advance(this.next, length);
        continue;
      }
      if (unsent > 0 || !this.#ending || this.endAcknowledged) break;
      this.send(TCP.ack | TCP.fin, this.next);
      this.next = advance(this.next, 1);
    }
    const waits = this.#sending.length > 0 || (this.#ending && !this.endAcknowledged);
    if (waits && this.#timer.deadline === Infinity) this.#arm();
  }

  #retransmit(): void {
    if (this.state === 'syn-sent') return this.#sendSyn(TCP.syn);
    this.next = this.#unacknowledged;
    // A window probe, in case that the peer's window is closed.
    if (this.peerWindow === 0 && this.#sending.length > 0) {
      this.send(TCP.ack, this.next, Uint8Array.from(this.#sending.slice(0, 1)));
    }
    this.#arm();
    this.#output();
  }

  #arm(): void {
    this.#timer.arm(this.#options.time.now() + 0.3 * SECOND);
  }

  #meet(syn: TcpSegment): void {
    this.peerSegmentSize = syn.segmentSize ?? 0;
    this.peerScale = syn.windowScale;
    this.peerWindow = syn.window;
  }

  #ownScale(): number {
    return this.state !== 'open' || this.peerScale === undefined ? 0 : (this.#options.windowScale ?? 0);
  }

  #sendSyn(flags: number): void {
    const { port, remotePort, windowScale } = this.#options;
    this.#options.transmit({
      sourcePort: port,
      destinationPort: remotePort,
      sequence: this.next,
      acknowledgement: (flags & TCP.ack) === 0 ? 0 : this.expected,
      flags,
      window: Math.min(this.room, 0xffff),
      payload: new Uint8Array(0),
      segmentSize: this.#segmentSize,
      ...(windowScale === undefined ? {} : { windowScale }),
    });
    if (this.state === 'syn-sent') this.#arm();
  }
}
