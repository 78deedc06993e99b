import type { Timer } from '../base/timer.ts';
import { SECOND } from '../base/units.ts';
import type { NetworkTime } from './network-time.ts';
import { advance } from './sequence.ts';
import type { OutgoingHeader } from './tcp-network.ts';
import { TCP } from './tcp-segment.ts';
import type { TcpSegment } from './tcp-segment.ts';

/** What we let the guest put into one segment, and the most that we put into one (bytes): an Ethernet frame's worth. */
export const SEGMENT_SIZE = 1460;
/** What a peer takes that does not say (RFC 9293, 3.7.1), and the least that we believe. */
const DEFAULT_SEGMENT_SIZE = 536;
const SMALLEST_SEGMENT_SIZE = 64;
/** The shift of the windows that we offer. */
const WINDOW_SCALE = 5;

/** The first retransmission comes after this, each later one after twice the time. */
const RETRY = SECOND;
const TRIES = 6;

/** `held`: the guest's SYN is here and not answered yet. */
type State = 'held' | 'syn-sent' | 'syn-received' | 'over';

/** `open`: both SYNs are acknowledged. `ours`: so they are, and the guest is to be told. */
export type HandshakeResult = 'wait' | 'open' | 'ours' | 'reset';

export interface HandshakeHost {
  readonly time: NetworkTime;
  /** The window to offer, in bytes. */
  readonly room: number;
  transmit(header: OutgoingHeader): void;
  onTimeout(): void;
}

/** The beginning of a TCP connection, up to both SYNs being acknowledged (RFC 9293, 3.5). */
export class TcpHandshake {
  /** Our initial sequence number, and the guest's once its SYN is here. */
  readonly initial: number;
  peerInitial = 0;
  /** Payload bytes of a segment to the guest. */
  segmentSize = DEFAULT_SEGMENT_SIZE;
  /** The shifts of the guest's windows and of ours: both zero unless both sides know them. */
  peerScale = 0;
  ownScale = 0;
  /** The window that our last SYN offered, in bytes. */
  window = 0;
  readonly #host: HandshakeHost;
  readonly #timer: Timer;
  #state: State;
  #tries = 0;

  /** With `syn` the guest's connection, which waits for `begin`; without it ours to the guest. */
  constructor(host: HandshakeHost, initial: number, syn: TcpSegment | undefined) {
    this.#host = host;
    this.initial = initial;
    this.#timer = host.time.timer(() => this.#try());
    this.#state = syn === undefined ? 'syn-sent' : 'held';
    if (syn !== undefined) this.#meet(syn);
  }

  /** Sends our SYN, or answers the guest's. */
  begin(): void {
    if (this.#tries > 0) return;
    if (this.#state === 'held') this.#state = 'syn-received';
    this.#try();
  }

  /** Takes a segment of the guest's. */
  receive(segment: TcpSegment): HandshakeResult {
    const result = this.#state === 'syn-sent' ? this.#receiveFirst(segment) : this.#receiveSecond(segment);
    if (result !== 'wait') this.cancel();
    return result;
  }

  cancel(): void {
    this.#state = 'over';
    this.#timer.cancel();
  }

  /** Tells the guest that there will be no connection. */
  refuse(): void {
    if (this.#state === 'held' || this.#state === 'syn-received') {
      this.#host.transmit({
        sequence: this.#state === 'held' ? 0 : advance(this.initial, 1),
        acknowledgement: advance(this.peerInitial, 1),
        flags: TCP.rst | TCP.ack,
        window: 0,
      });
    }
    this.cancel();
  }

  /** A segment while only our SYN is out (3.10.7.3). */
  #receiveFirst(segment: TcpSegment): HandshakeResult {
    const { flags, acknowledgement } = segment;
    const acknowledges = (flags & TCP.ack) !== 0;
    const resets = (flags & TCP.rst) !== 0;
    if (acknowledges && acknowledgement !== advance(this.initial, 1)) {
      if (!resets) this.#resetOther(acknowledgement);
      return 'wait';
    }
    if (resets) return acknowledges ? 'reset' : 'wait';
    if ((flags & TCP.syn) === 0) return 'wait';
    this.#meet(segment);
    if (acknowledges) {
      this.window = this.#host.room;
      return 'ours';
    }
    this.#state = 'syn-received';
    this.#sendSyn();
    return 'wait';
  }

  /** A segment after the guest's SYN came (3.10.7.4). */
  #receiveSecond({ flags, sequence, acknowledgement }: TcpSegment): HandshakeResult {
    if ((flags & TCP.rst) !== 0) return sequence === advance(this.peerInitial, 1) ? 'reset' : 'wait';
    if (this.#state !== 'syn-received') return 'wait';
    if ((flags & TCP.syn) !== 0 && sequence === this.peerInitial && (flags & TCP.ack) === 0) {
      this.#sendSyn();
      return 'wait';
    }
    if ((flags & TCP.ack) === 0) return 'wait';
    if (acknowledgement === advance(this.initial, 1)) return (flags & TCP.syn) === 0 ? 'open' : 'ours';
    this.#resetOther(acknowledgement);
    return 'wait';
  }

  /** Takes what the guest's SYN says. */
  #meet(syn: TcpSegment): void {
    const offered = syn.segmentSize ?? DEFAULT_SEGMENT_SIZE;
    this.segmentSize = Math.max(SMALLEST_SEGMENT_SIZE, Math.min(offered, SEGMENT_SIZE));
    this.peerInitial = syn.sequence;
    if (syn.windowScale !== undefined) {
      this.peerScale = syn.windowScale;
      this.ownScale = WINDOW_SCALE;
    }
  }

  #resetOther(sequence: number): void {
    this.#host.transmit({ sequence, acknowledgement: 0, flags: TCP.rst, window: 0 });
  }

  #try(): void {
    this.#tries += 1;
    if (this.#tries > TRIES) {
      this.refuse();
      this.#host.onTimeout();
      return;
    }
    this.#sendSyn();
    this.#timer.arm(this.#host.time.now() + RETRY * 2 ** (this.#tries - 1));
  }

  #sendSyn(): void {
    const isAnswer = this.#state === 'syn-received';
    // A window in a SYN is never scaled (RFC 7323, 2.2).
    this.window = Math.min(this.#host.room, 0xffff);
    this.#host.transmit({
      sequence: this.initial,
      acknowledgement: isAnswer ? advance(this.peerInitial, 1) : 0,
      flags: TCP.syn | (isAnswer ? TCP.ack : 0),
      window: this.window,
      segmentSize: SEGMENT_SIZE,
      ...(isAnswer && this.ownScale === 0 ? {} : { windowScale: WINDOW_SCALE }),
    });
  }
}
