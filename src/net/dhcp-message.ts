import { readU16, readU32, writeU16, writeU32 } from './big-endian.ts';
import type { Ipv4Address } from './ipv4-address.ts';
import { readMac, writeMac } from './mac-address.ts';
import type { MacAddress } from './mac-address.ts';

/** Fields of fixed place (RFC 2131, 2), and the cookie before the options. */
const OPTIONS = 240;
const COOKIE = 0x6382_5363;
/** BOOTP's smallest message, which some clients insist on (RFC 1542, 2.1). */
const SMALLEST = 300;
const BROADCAST_FLAG = 0x8000;

export const DHCP_PORT = { server: 67, client: 68 } as const;

export const DHCP = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  acknowledge: 5,
  refuse: 6,
  release: 7,
  inform: 8,
} as const;

/** Options (RFC 2132). */
export const DHCP_OPTION = {
  subnetMask: 1,
  router: 3,
  nameServer: 6,
  hostName: 12,
  domainName: 15,
  mtu: 26,
  broadcastAddress: 28,
  requestedAddress: 50,
  leaseTime: 51,
  messageType: 53,
  serverIdentifier: 54,
  renewalTime: 58,
  rebindingTime: 59,
  end: 255,
} as const;

const PAD = 0;

/** A request of a client's. Addresses are 0 where there is none. */
export interface DhcpRequest {
  readonly type: number;
  readonly transaction: number;
  readonly seconds: number;
  readonly wantsBroadcast: boolean;
  readonly clientAddress: Ipv4Address;
  readonly relayAddress: Ipv4Address;
  readonly mac: MacAddress;
  readonly requestedAddress: Ipv4Address;
  readonly serverIdentifier: Ipv4Address;
}

/** The request in a UDP payload; undefined when it is none from an Ethernet client. */
export function parseDhcpRequest(bytes: Uint8Array): DhcpRequest | undefined {
  if (bytes.length < OPTIONS || bytes[0] !== 1 || bytes[1] !== 1 || bytes[2] !== 6) return undefined;
  if (readU32(bytes, OPTIONS - 4) !== COOKIE) return undefined;
  const options = parseOptions(bytes);
  const type = options.get(DHCP_OPTION.messageType);
  if (type?.length !== 1) return undefined;
  const address = (option: number): Ipv4Address => {
    const value = options.get(option);
    return value?.length === 4 ? readU32(value, 0) : 0;
  };
  return {
    type: type[0] as number,
    transaction: readU32(bytes, 4),
    seconds: readU16(bytes, 8),
    wantsBroadcast: (readU16(bytes, 10) & BROADCAST_FLAG) !== 0,
    clientAddress: readU32(bytes, 12),
    relayAddress: readU32(bytes, 24),
    mac: readMac(bytes, 28),
    requestedAddress: address(DHCP_OPTION.requestedAddress),
    serverIdentifier: address(DHCP_OPTION.serverIdentifier),
  };
}

/** Options by number, the first of each. What is malformed ends the list. */
export function parseOptions(bytes: Uint8Array): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let offset = OPTIONS; offset < bytes.length;) {
    const option = bytes[offset] as number;
    if (option === DHCP_OPTION.end) break;
    if (option === PAD) {
      offset += 1;
      continue;
    }
    const length = bytes[offset + 1];
    if (length === undefined || offset + 2 + length > bytes.length) break;
    if (!options.has(option)) options.set(option, bytes.subarray(offset + 2, offset + 2 + length));
    offset += 2 + length;
  }
  return options;
}

export interface DhcpReply {
  /** The client's new address, 0 for none. */
  readonly address: Ipv4Address;
  /** Where a boot program comes from, 0 for nowhere. */
  readonly nextServer: Ipv4Address;
  readonly options: readonly (readonly [number, Uint8Array])[];
}

/** The UDP payload of a reply to `request`. */
export function buildDhcpReply(request: DhcpRequest, reply: DhcpReply): Uint8Array {
  const length = reply.options.reduce((sum, [, value]) => sum + 2 + value.length, OPTIONS + 1);
  const bytes = new Uint8Array(Math.max(SMALLEST, length));
  bytes.set([2, 1, 6]);
  writeU32(bytes, 4, request.transaction);
  writeU16(bytes, 10, request.wantsBroadcast ? BROADCAST_FLAG : 0);
  writeU32(bytes, 12, request.clientAddress);
  writeU32(bytes, 16, reply.address);
  writeU32(bytes, 20, reply.nextServer);
  writeU32(bytes, 24, request.relayAddress);
  writeMac(bytes, 28, request.mac);
  writeU32(bytes, OPTIONS - 4, COOKIE);
  let offset = OPTIONS;
  for (const [option, value] of reply.options) {
    bytes[offset] = option;
    bytes[offset + 1] = value.length;
    bytes.set(value, offset + 2);
    offset += 2 + value.length;
  }
  bytes[offset] = DHCP_OPTION.end;
  return bytes;
}
