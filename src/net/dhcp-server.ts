import { writeU16, writeU32 } from './big-endian.ts';
import { buildDhcpReply, DHCP, DHCP_OPTION, parseDhcpRequest } from './dhcp-message.ts';
import type { DhcpRequest } from './dhcp-message.ts';
import { ETHERNET_MTU } from './ethernet.ts';
import type { Ipv4Address } from './ipv4-address.ts';
import type { MacAddress } from './mac-address.ts';
import { isGuest, SUBNET } from './subnet.ts';

/** Seconds that an address is lent for; guests renew at half of it. */
const LEASE = 86_400;

export interface DhcpOptions {
  readonly hostName?: string;
  readonly domainName?: string;
}

/** A reply, and the client it is for. `destination` is where to send it. */
export interface DhcpAnswer {
  readonly bytes: Uint8Array;
  readonly mac: MacAddress;
  readonly destination: Ipv4Address;
  /** The client's address, once it is its own; else 0. */
  readonly leased: Ipv4Address;
}

/** Lends addresses from 10.0.2.15 on, the same to the same client as long as there are enough (RFC 2131). */
export class DhcpServer {
  readonly #options: DhcpOptions;
  readonly #leases = new Map<Ipv4Address, MacAddress>();
  /** Addresses that a client found to be in use by someone else. */
  readonly #declined = new Set<Ipv4Address>();

  constructor(options: DhcpOptions) {
    this.#options = options;
  }

  /** The answer to a message, if it has one. */
  receive(message: Uint8Array): DhcpAnswer | undefined {
    const request = parseDhcpRequest(message);
    if (request === undefined) return undefined;
    switch (request.type) {
      case DHCP.discover:
        return this.#offer(request);
      case DHCP.request:
        return this.#confirm(request);
      case DHCP.inform:
        return this.#reply(request, DHCP.acknowledge, 0);
      case DHCP.release:
        if (this.#leases.get(request.clientAddress) === request.mac) this.#leases.delete(request.clientAddress);
        return undefined;
      case DHCP.decline:
        if (this.#leases.get(request.requestedAddress) === request.mac) {
          this.#leases.delete(request.requestedAddress);
          this.#declined.add(request.requestedAddress);
        }
        return undefined;
      default:
        return undefined;
    }
  }

  #offer(request: DhcpRequest): DhcpAnswer | undefined {
    const address = this.#addressFor(request.mac, request.requestedAddress);
    return address === undefined ? undefined : this.#reply(request, DHCP.offer, address);
  }

  /** A client takes an offer, asks for its old address after a restart, or renews (RFC 2131, 4.3.2). */
  #confirm(request: DhcpRequest): DhcpAnswer | undefined {
    if (request.serverIdentifier !== 0 && request.serverIdentifier !== SUBNET.gateway) return undefined;
    const wanted = request.requestedAddress === 0 ? request.clientAddress : request.requestedAddress;
    if (!this.#isFreeFor(wanted, request.mac)) return this.#reply(request, DHCP.refuse, 0);
    for (const [address, mac] of this.#leases) {
      if (mac === request.mac && address !== wanted) this.#leases.delete(address);
    }
    this.#leases.set(wanted, request.mac);
    return this.#reply(request, DHCP.acknowledge, wanted);
  }

  #isFreeFor(address: Ipv4Address, mac: MacAddress): boolean {
    if (!isGuest(address) || this.#declined.has(address)) return false;
    const holder = this.#leases.get(address);
    return holder === undefined || holder === mac;
  }

  /** The client's own address, the one it wishes, the first that is free, or one that was lent longest ago. */
  #addressFor(mac: MacAddress, wish: Ipv4Address): Ipv4Address | undefined {
    for (const [address, holder] of this.#leases) if (holder === mac) return address;
    let found = this.#isFreeFor(wish, mac) ? wish : undefined;
    for (let address: number = SUBNET.firstGuest; found === undefined && address <= SUBNET.lastGuest; address += 1) {
      if (this.#isFreeFor(address, mac)) found = address;
    }
    if (found === undefined) {
      this.#declined.clear();
      [found] = this.#leases.keys();
    }
    if (found === undefined) return undefined;
    this.#leases.delete(found);
    this.#leases.set(found, mac);
    return found;
  }

  #reply(request: DhcpRequest, type: number, address: Ipv4Address): DhcpAnswer {
    const options: [number, Uint8Array][] = [
      [DHCP_OPTION.messageType, Uint8Array.of(type)],
      [DHCP_OPTION.serverIdentifier, u32(SUBNET.gateway)],
    ];
    if (type !== DHCP.refuse) {
      if (request.type !== DHCP.inform) {
        options.push(
          [DHCP_OPTION.leaseTime, u32(LEASE)],
          [DHCP_OPTION.renewalTime, u32(LEASE / 2)],
          [DHCP_OPTION.rebindingTime, u32((LEASE / 8) * 7)],
        );
      }
      options.push(
        [DHCP_OPTION.subnetMask, u32(SUBNET.mask)],
        [DHCP_OPTION.broadcastAddress, u32(SUBNET.broadcast)],
        [DHCP_OPTION.router, u32(SUBNET.gateway)],
        [DHCP_OPTION.nameServer, u32(SUBNET.nameServer)],
        [DHCP_OPTION.mtu, u16(ETHERNET_MTU)],
      );
      const { hostName, domainName } = this.#options;
      if (hostName !== undefined) options.push([DHCP_OPTION.hostName, new TextEncoder().encode(hostName)]);
      if (domainName !== undefined) options.push([DHCP_OPTION.domainName, new TextEncoder().encode(domainName)]);
    }
    return {
      bytes: buildDhcpReply(request, { address, nextServer: 0, options }),
      mac: request.mac,
      ...route(request, type, address),
    };
  }
}

/** Where a reply goes (RFC 2131, 4.1): to the address the client has, to its new one, or to everyone. */
function route(
  request: DhcpRequest,
  type: number,
  address: Ipv4Address,
): { readonly destination: Ipv4Address; readonly leased: Ipv4Address } {
  const leased = type === DHCP.acknowledge ? address || request.clientAddress : 0;
  if (type === DHCP.refuse) return { destination: 0xffff_ffff, leased };
  if (request.clientAddress !== 0) return { destination: request.clientAddress, leased };
  return { destination: request.wantsBroadcast ? 0xffff_ffff : address || 0xffff_ffff, leased };
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

function u16(value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  writeU16(bytes, 0, value);
  return bytes;
}
