import type { NetworkFrame } from '../base/network-backend.ts';
import { SECOND } from '../base/units.ts';
import { parseEthernet } from './ethernet.ts';
import { isGroup } from './mac-address.ts';
import type { MacAddress } from './mac-address.ts';
import type { NetworkTime } from './network-time.ts';

/** Addresses that are remembered at once, and for how long after they were last heard of (IEEE 802.1D, 7.9). */
const MOST_ADDRESSES = 1024;
const AGE = 300 * SECOND;

/** Takes a frame for whoever is at a port. Several may be given the same frame: nobody changes it. */
export type DeliverFrame = (frame: NetworkFrame) => void;

/** One socket of a switch. */
export interface SwitchPort {
  /** A frame comes in. */
  send(frame: NetworkFrame): void;
  /** Nothing goes out any more, and its addresses are forgotten. */
  detach(): void;
}

interface Place {
  readonly port: object;
  readonly heard: number;
}

/** An Ethernet switch: sends a frame where its destination was last heard of, or everywhere else. */
export class LearningSwitch {
  readonly #time: NetworkTime;
  readonly #ports = new Map<object, DeliverFrame>();
  /** By address, the ones heard of last at the end. */
  readonly #places = new Map<MacAddress, Place>();

  constructor(time: NetworkTime) {
    this.#time = time;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#places.size;
  }

  attach(deliver: DeliverFrame): SwitchPort {
    const port = {};
    this.#ports.set(port, deliver);
    return {
      send: (frame) => {
        if (this.#ports.has(port)) this.#forward(port, frame);
      },
      detach: () => {
        this.#ports.delete(port);
        for (const [address, place] of this.#places) if (place.port === port) this.#places.delete(address);
      },
    };
  }

  #forward(from: object, frame: NetworkFrame): void {
    const header = parseEthernet(frame.bytes);
    if (header === undefined || isGroup(header.source)) return;
    const now = this.#time.now();
    this.#places.delete(header.source);
    this.#places.set(header.source, { port: from, heard: now });
    if (this.#places.size > MOST_ADDRESSES) {
      const [oldest = 0] = this.#places.keys();
      this.#places.delete(oldest);
    }
    const place = isGroup(header.destination) ? undefined : this.#places.get(header.destination);
    if (place !== undefined && now - place.heard < AGE) {
      if (place.port !== from) this.#ports.get(place.port)?.(frame);
      return;
    }
    for (const [port, deliver] of this.#ports) if (port !== from) deliver(frame);
  }
}
