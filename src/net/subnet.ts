import type { Ipv4Address } from './ipv4-address.ts';

/** The network that a guest finds itself on: 10.0.2.0/24. */
export const SUBNET = {
  network: 0x0a00_0200,
  mask: 0xffff_ff00,
  broadcast: 0x0a00_02ff,
  /** The router, and the host's own 127.0.0.1. */
  gateway: 0x0a00_0202,
  nameServer: 0x0a00_0203,
  /** What the first guest that asks by DHCP is given; the others follow. */
  firstGuest: 0x0a00_020f,
  lastGuest: 0x0a00_02fe,
  /** The Ethernet address of gateway and name server: locally administered. */
  mac: 0x52_55_0a_00_02_02,
} as const;

/** The host's loopback, where the gateway leads. */
export const LOOPBACK: Ipv4Address = 0x7f00_0001;

export function isInSubnet(address: Ipv4Address): boolean {
  return (address & SUBNET.mask) >>> 0 === SUBNET.network;
}

/** Whether an address is one that a guest may have. */
export function isGuest(address: Ipv4Address): boolean {
  if (!isInSubnet(address)) return false;
  const { network, broadcast, gateway, nameServer } = SUBNET;
  return address !== network && address !== broadcast && address !== gateway && address !== nameServer;
}

export function isOurs(address: Ipv4Address): boolean {
  return address === SUBNET.gateway || address === SUBNET.nameServer;
}
