import type { Timer } from '../base/timer.ts';
import { SECOND } from '../base/units.ts';
import type { Ipv4Packet } from './ipv4.ts';
import type { NetworkTime } from './network-time.ts';

/** RFC 1122, 3.3.2, asks for 60 to 120 s; on a cable what is not here soon was lost. */
const TIMEOUT = 15 * SECOND;
/** Datagrams under way at once, and the largest of them in bytes: together what a guest can make us hold. */
const MOST_DATAGRAMS = 16;
const LARGEST = 65_515;

interface Partial {
  readonly bytes: Uint8Array;
  /** A bit for each unit of 8 bytes that is here. */
  readonly present: Uint8Array;
  readonly since: number;
  first: Ipv4Packet | undefined;
  /** The end of the payload once the last fragment is here, else 0. */
  end: number;
  units: number;
}

/** Puts fragmented datagrams together (RFC 791, 3.2). Fragments that overlap make the whole datagram void (as RFC 5722). */
export class Ipv4Reassembly {
  readonly #time: NetworkTime;
  readonly #partials = new Map<string, Partial>();
  readonly #timer: Timer;

  constructor(time: NetworkTime) {
    this.#time = time;
    this.#timer = time.timer(() => this.#expire());
  }

  /** Datagrams of which a part is here. */
  get size(): number {
    return this.#partials.size;
  }

  /** The whole datagram when this fragment completes it. */
  add(fragment: Ipv4Packet): Ipv4Packet | undefined {
    const { fragmentOffset, payload, moreFragments } = fragment;
    const end = fragmentOffset + payload.length;
    if (payload.length === 0 || end > LARGEST || (moreFragments && payload.length % 8 !== 0)) return undefined;
    const key = `${fragment.source} ${fragment.destination} ${fragment.protocol} ${fragment.identification}`;
    const partial = this.#partials.get(key) ?? this.#begin(key);
    const isSound = moreFragments ? partial.end === 0 || end <= partial.end : partial.end === 0;
    if (!isSound || !this.#place(partial, fragmentOffset, payload)) {
      this.#partials.delete(key);
      return undefined;
    }
    if (!moreFragments) partial.end = end;
    if (fragmentOffset === 0) partial.first = fragment;
    if (partial.end === 0 || partial.units !== Math.ceil(partial.end / 8) || partial.first === undefined)
      return undefined;
    this.#partials.delete(key);
    return { ...partial.first, moreFragments: false, payload: partial.bytes.subarray(0, partial.end) };
  }

  close(): void {
    this.#timer.cancel();
    this.#partials.clear();
  }

  #begin(key: string): Partial {
    if (this.#partials.size >= MOST_DATAGRAMS) {
      const [oldest = ''] = this.#partials.keys();
      this.#partials.delete(oldest);
    }
    const partial: Partial = {
      bytes: new Uint8Array(LARGEST + 5),
      present: new Uint8Array(Math.ceil(LARGEST / 8)),
      since: this.#time.now(),
      first: undefined,
      end: 0,
      units: 0,
    };
    if (this.#partials.size === 0) this.#timer.arm(partial.since + TIMEOUT);
    this.#partials.set(key, partial);
    return partial;
  }

  /** False when a part of it is here already. */
  #place(partial: Partial, offset: number, payload: Uint8Array): boolean {
    const first = offset / 8;
    const count = Math.ceil(payload.length / 8);
    const units = partial.present.subarray(first, first + count);
    if (units.includes(1)) return false;
    units.fill(1);
    partial.units += count;
    partial.bytes.set(payload, offset);
    return true;
  }

  #expire(): void {
    const now = this.#time.now();
    for (const [key, { since }] of this.#partials) {
      if (now - since >= TIMEOUT) this.#partials.delete(key);
      else {
        this.#timer.arm(since + TIMEOUT);
        return;
      }
    }
  }
}
