import type { Ipv4Address } from './ipv4-address.ts';
import { isGroup } from './mac-address.ts';
import type { MacAddress } from './mac-address.ts';

/** Which Ethernet address each guest has, as their own frames say. Bounded by the addresses of the network. */
export class Neighbours {
  readonly #addresses = new Map<Ipv4Address, MacAddress>();

  find(address: Ipv4Address): MacAddress | undefined {
    return this.#addresses.get(address);
  }

  /** Takes what a frame from `address`, which is one of a guest, says. */
  learn(address: Ipv4Address, mac: MacAddress): void {
    if (!isGroup(mac)) this.#addresses.set(address, mac);
  }
}
