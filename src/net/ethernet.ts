import { readU16, writeU16 } from './big-endian.ts';
import { readMac, writeMac } from './mac-address.ts';
import type { MacAddress } from './mac-address.ts';

/** Destination, source and type. */
export const ETHERNET_HEADER = 14;
/** The largest payload of an Ethernet frame, in bytes. */
export const ETHERNET_MTU = 1500;

export const ETHER_TYPE = { ipv4: 0x0800, arp: 0x0806 } as const;

export interface EthernetHeader {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  readonly type: number;
}

/** The header of a frame; undefined when the frame is too short for one. */
export function parseEthernet(frame: Uint8Array): EthernetHeader | undefined {
  if (frame.length < ETHERNET_HEADER) return undefined;
  return { destination: readMac(frame, 0), source: readMac(frame, 6), type: readU16(frame, 12) };
}

export function writeEthernet(frame: Uint8Array, header: EthernetHeader): void {
  writeMac(frame, 0, header.destination);
  writeMac(frame, 6, header.source);
  writeU16(frame, 12, header.type);
}
