import { SECOND } from '../base/units.ts';
import type { EgressRule } from './egress-rule.ts';
import { isInBlock, isLinkLocal, isUnicast } from './ipv4-address.ts';
import type { Ipv4Address } from './ipv4-address.ts';
import type { NetworkTime } from './network-time.ts';
import { isInSubnet, SUBNET } from './subnet.ts';

/** Addresses of names that are remembered at once; the oldest go first. */
const MOST_ADDRESSES = 4096;
/** Programs use an address for a while after its record has run out, and no record is trusted for longer than a day (s). */
const SHORTEST_LIFE = 120;
const LONGEST_LIFE = 86_400;

interface Learnt {
  readonly until: number;
  /** The port it is allowed on, or undefined for all. */
  readonly port: number | undefined;
}

/** What the guest may reach. Without rules: everything. */
export class EgressPolicy {
  readonly #rules: readonly EgressRule[];
  readonly #time: NetworkTime;
  /** Addresses that allowed names have, by DNS, the ones learnt last at the end. */
  readonly #learnt = new Map<Ipv4Address, readonly Learnt[]>();

  constructor(rules: readonly EgressRule[], time: NetworkTime) {
    this.#rules = rules;
    this.#time = time;
  }

  /** Addresses that are remembered for names. */
  get size(): number {
    return this.#learnt.size;
  }

  get isOpen(): boolean {
    return this.#rules.length === 0;
  }

  /** Whether the guest may send to a port of an address, the gateway's standing for the host's loopback. */
  allows(address: Ipv4Address, port: number): boolean {
    if (this.isOpen) return true;
    const isGateway = address === SUBNET.gateway;
    for (const rule of this.#rules) {
      if (rule.port !== undefined && rule.port !== port) continue;
      if (isGateway ? rule.kind === 'gateway' : rule.kind === 'block' && isInBlock(address, rule.block)) return true;
    }
    const now = this.#time.now();
    const learnt = this.#learnt.get(address) ?? [];
    return learnt.some((entry) => entry.until > now && (entry.port === undefined || entry.port === port));
  }

  /** Whether the guest may ask for a name, which is in lower case and without a dot at its end. */
  allowsName(name: string): boolean {
    return this.isOpen || this.#rulesFor(name).length > 0;
  }

  /**
   * A name that was asked for has an address, for `life` seconds. False when the address is not one that a name may
   * open: one of the host itself, its link, or this network (DNS rebinding).
   */
  learn(name: string, address: Ipv4Address, life: number): boolean {
    if (this.isOpen) return true;
    if (!isUnicast(address) || isLinkLocal(address) || isInSubnet(address)) {
      return this.#rules.some((rule) => rule.kind === 'block' && isInBlock(address, rule.block));
    }
    const now = this.#time.now();
    const until = now + Math.min(Math.max(life, SHORTEST_LIFE), LONGEST_LIFE) * SECOND;
    const ports = new Set(this.#rulesFor(name).map(({ port }) => port));
    const kept = (this.#learnt.get(address) ?? []).filter((entry) => entry.until > now && !ports.has(entry.port));
    this.#learnt.delete(address);
    this.#learnt.set(address, [...kept, ...Array.from(ports, (port) => ({ until, port }))]);
    if (this.#learnt.size > MOST_ADDRESSES) {
      const [oldest = 0] = this.#learnt.keys();
      this.#learnt.delete(oldest);
    }
    return true;
  }

  #rulesFor(name: string): readonly EgressRule[] {
    return this.#rules.filter(
      (rule) => rule.kind === 'name' && (rule.isSuffix ? name.endsWith(`.${rule.name}`) : name === rule.name),
    );
  }
}
