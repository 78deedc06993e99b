import type { Timer } from '../base/timer.ts';
import { SECOND } from '../base/units.ts';
import type { NetworkTime } from './network-time.ts';
import type { SendBuffer } from './send-buffer.ts';
import { advance, distance } from './sequence.ts';
import { SEGMENT_SIZE, TcpHandshake } from './tcp-handshake.ts';
import type { OutgoingData, TcpApplication, TcpEnding, TcpEnds, TcpNetwork } from './tcp-network.ts';
import { TcpReceiver } from './tcp-receiver.ts';
import { TCP } from './tcp-segment.ts';
import type { TcpSegment } from './tcp-segment.ts';
import { TcpSender } from './tcp-sender.ts';
import type { SenderWire } from './tcp-sender.ts';

/** The cable holds no segment for longer than half of this (2 MSL). */
const TIME_WAIT = 10 * SECOND;
/** When a silent peer is asked whether it lives, how often, and how many times. */
const KEEP_ALIVE_AFTER = 600 * SECOND;
const KEEP_ALIVE_EVERY = 75 * SECOND;
const KEEP_ALIVE_TRIES = 8;

type Phase = 'handshake' | 'open' | 'time-wait' | 'closed';

export interface ConnectionOptions {
  readonly network: TcpNetwork;
  readonly application: TcpApplication;
  readonly ends: TcpEnds;
  /** Our initial sequence number. */
  readonly initial: number;
  /** The guest's SYN, which waits for `open` to be answered. Absent: the connection is ours to the guest. */
  readonly syn?: TcpSegment;
  /** Called when nothing is left of the connection. */
  readonly onGone: (connection: TcpConnection) => void;
}

/** One TCP connection with the guest, of which this is the far end (RFC 9293). */
export class TcpConnection implements SenderWire {
  readonly ends: TcpEnds;
  readonly time: NetworkTime;
  readonly #network: TcpNetwork;
  readonly #application: TcpApplication;
  readonly #onGone: (connection: TcpConnection) => void;
  readonly #handshake: TcpHandshake;
  /** Keep-alive, then TIME-WAIT. */
  readonly #timer: Timer;
  #receiver: TcpReceiver;
  #sender: TcpSender;
  #phase: Phase = 'handshake';
  #acknowledgeSoon = false;
  /** We sent FIN before the guest's came: TIME-WAIT is ours. */
  #closedFirst = false;
  #probes = 0;
  #lastHeard = 0;

  constructor({ network, application, ends, initial, syn, onGone }: ConnectionOptions) {
    this.ends = ends;
    this.time = network.time;
    this.#network = network;
    this.#application = application;
    this.#onGone = onGone;
    this.#handshake = new TcpHandshake(
      {
        time: network.time,
        get room() {
          return application.room;
        },
        transmit: (header) => network.transmit(ends, header),
        onTimeout: () => this.#close('timed-out'),
      },
      initial,
      syn,
    );
    this.#timer = network.time.timer(() => (this.#phase === 'time-wait' ? this.#close('done') : this.#keepAlive()));
    this.#receiver = this.#newReceiver();
    this.#sender = this.#newSender();
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Bytes written that the guest has not acknowledged. */
  get pending(): number {
    return this.#sender.buffer.length;
  }

  get largestPayload(): number {
    return this.#network.largestPayload(this.#handshake.segmentSize);
  }

  /** Whether a sequence number is past all that the guest sent: it may begin a new connection with it. */
  isPast(sequence: number): boolean {
    return distance(sequence, this.#receiver.next) > 0;
  }

  /** Answers the guest's SYN, or sends ours. */
  open(): void {
    this.#handshake.begin();
  }

  /** Queues bytes, which nobody changes afterwards, for the guest. Only when open. */
  write(bytes: Uint8Array): void {
    this.#sender.buffer.push(bytes);
    this.schedule();
  }

  /** Ends this direction after what is queued. Only when open. */
  end(): void {
    this.#sender.end();
  }

  /** Ends both directions at once, with RST to the guest. The application, who calls this, is not told. */
  abort(): void {
    if (this.#phase === 'handshake') this.#handshake.refuse();
    else if (this.#phase === 'open') this.#send(TCP.rst | TCP.ack, this.#sender.next);
    this.#close();
  }

  /** Ends without a word to the guest, as when the network is no more. The application is told. */
  drop(): void {
    this.#close('reset');
  }

  /** Ends without a word to anyone. */
  forget(): void {
    this.#close();
  }

  /** The application has more room than before. */
  roomChanged(): void {
    if (this.#phase !== 'open' || this.#receiver.ended) return;
    // Windows grow in steps worth two segments (RFC 9293, 3.8.6.2.2).
    const room = this.#room();
    if (room - this.#receiver.window < Math.min(2 * SEGMENT_SIZE, room)) return;
    this.#acknowledgeSoon = true;
    this.schedule();
  }

  schedule(): void {
    this.#network.schedule(this);
  }

  mayTransmit(): boolean {
    return this.#network.mayTransmit(this);
  }

  /** Sends what is due. */
  output(): void {
    if (this.#phase === 'open') this.#sender.output();
    if (this.#acknowledgeSoon && this.#phase !== 'closed') this.#acknowledge();
  }

  transmit(sequence: number, buffer: SendBuffer, offset: number, length: number, isLast: boolean): void {
    const pushes = length > 0 && offset + length === buffer.length;
    const flags = TCP.ack | (pushes ? TCP.psh : 0) | (isLast ? TCP.fin : 0);
    this.#send(flags, sequence, { buffer, offset, length, segmentSize: this.#handshake.segmentSize });
  }

  onTimeout(): void {
    this.#send(TCP.rst | TCP.ack, this.#sender.next);
    this.#close('timed-out');
  }

  /** Takes a segment of the guest's. */
  receive(segment: TcpSegment): void {
    if (this.#phase === 'closed') return;
    this.#lastHeard = this.time.now();
    if (this.#phase === 'handshake' && !this.#shakeHands(segment)) return;
    const { flags, sequence, payload } = segment;
    if ((flags & TCP.rst) !== 0) {
      // Only the very next number resets; one elsewhere in the window may be forged or old (RFC 5961, 3.2).
      if (sequence === this.#receiver.next) this.#close('reset');
      else if (this.#receiver.isAcceptable(sequence, 0)) this.#acknowledge();
      return;
    }
    const length = payload.length + ((flags & TCP.fin) === 0 ? 0 : 1);
    if ((flags & TCP.syn) !== 0 || !this.#receiver.isAcceptable(sequence, length)) return this.#acknowledge();
    if ((flags & TCP.ack) === 0 || !this.#takeAcknowledgement(segment)) return;
    if (length > 0) this.#takePayload(segment);
    this.#finish();
  }

  /** Whether the connection is open, and the segment may have more to say. */
  #shakeHands(segment: TcpSegment): boolean {
    const result = this.#handshake.receive(segment);
    if (result === 'reset') this.#close('reset');
    if (result !== 'open' && result !== 'ours') return false;
    this.#phase = 'open';
    this.#receiver = this.#newReceiver();
    this.#receiver.offer(this.#handshake.window);
    this.#sender = this.#newSender();
    const window = result === 'ours' ? segment.window : segment.window << this.#handshake.peerScale;
    this.#sender.begin(window, segment.sequence, segment.acknowledgement);
    this.#timer.arm(this.time.now() + KEEP_ALIVE_AFTER);
    if (result === 'ours') this.#acknowledge();
    this.#application.onOpen();
    return result === 'open' && this.#phase === 'open';
  }

  #newReceiver(): TcpReceiver {
    const next = advance(this.#handshake.peerInitial, 1);
    return new TcpReceiver(next, this.#network.budget, (bytes) => this.#application.onData(bytes));
  }

  #newSender(): TcpSender {
    return new TcpSender(this, advance(this.#handshake.initial, 1), this.#handshake.segmentSize);
  }

  #takeAcknowledgement(segment: TcpSegment): boolean {
    if (this.#phase !== 'open') return true;
    const { acknowledgement, sequence, payload, flags } = segment;
    const isEmpty = payload.length === 0 && (flags & TCP.fin) === 0;
    const before = this.#sender.unacknowledged;
    const window = segment.window << this.#handshake.peerScale;
    if (!this.#sender.acknowledge(acknowledgement, sequence, window, isEmpty)) {
      this.#acknowledge();
      return false;
    }
    if (distance(this.#sender.unacknowledged, before) > 0) this.#application.onSent();
    return this.#phase === 'open';
  }

  #takePayload({ sequence, payload, flags }: TcpSegment): void {
    const hadEnded = this.#receiver.ended;
    const wasInOrder = this.#receiver.accept(sequence, payload, (flags & TCP.fin) !== 0);
    // The application may have ended the connection for what it was given.
    if (this.#phase === 'closed') return;
    if (wasInOrder) {
      this.#acknowledgeSoon = true;
      this.schedule();
    } else this.#acknowledge();
    if (!hadEnded && this.#receiver.ended && this.#phase === 'open') {
      this.#closedFirst = this.#sender.endSent;
      this.#application.onEnd();
    }
  }

  /** When both directions are done, the connection is over, or in TIME-WAIT. */
  #finish(): void {
    if (this.#phase !== 'open' || !this.#sender.isDone || !this.#receiver.ended) return;
    if (this.#acknowledgeSoon) this.#acknowledge();
    if (!this.#closedFirst) return this.#close('done');
    this.#phase = 'time-wait';
    this.#sender.cancel();
    this.#timer.arm(this.time.now() + TIME_WAIT);
    this.#application.onClose('done');
  }

  #acknowledge(): void {
    this.#send(TCP.ack, this.#sender.next);
  }

  #send(flags: number, sequence: number, data?: OutgoingData): void {
    this.#acknowledgeSoon = false;
    const window = Math.min(this.#receiver.offer(this.#room()) >> this.#handshake.ownScale, 0xffff);
    this.#network.transmit(this.ends, { sequence, acknowledgement: this.#receiver.next, flags, window }, data);
  }

  /** What to offer: whole units of the scale, so that what the guest reads is what we keep to. */
  #room(): number {
    const scale = this.#handshake.ownScale;
    return Math.min(this.#application.room >> scale, 0xffff) << scale;
  }

  #keepAlive(): void {
    const now = this.time.now();
    if (now - this.#lastHeard < KEEP_ALIVE_AFTER) {
      this.#probes = 0;
      this.#timer.arm(this.#lastHeard + KEEP_ALIVE_AFTER);
      return;
    }
    if (this.#probes >= KEEP_ALIVE_TRIES) return this.onTimeout();
    this.#probes += 1;
    this.#send(TCP.ack, advance(this.#sender.unacknowledged, -1));
    this.#timer.arm(now + KEEP_ALIVE_EVERY);
  }

  #close(ending?: TcpEnding): void {
    if (this.#phase === 'closed') return;
    const wasTold = this.#phase === 'time-wait';
    this.#phase = 'closed';
    this.#handshake.cancel();
    this.#timer.cancel();
    this.#sender.cancel();
    this.#receiver.release();
    this.#onGone(this);
    if (!wasTold && ending !== undefined) this.#application.onClose(ending);
  }
}
