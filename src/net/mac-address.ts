/** An Ethernet address as a number below 2^48, the first byte in the highest bits: a key for maps. */
export type MacAddress = number;

export const BROADCAST: MacAddress = 0xffff_ffff_ffff;

export function readMac(bytes: Uint8Array, offset: number): MacAddress {
  let address = 0;
  for (let index = 0; index < 6; index += 1) address = address * 256 + (bytes[offset + index] ?? 0);
  return address;
}

export function writeMac(bytes: Uint8Array, offset: number, address: MacAddress): void {
  let rest = address;
  for (let index = 5; index >= 0; index -= 1) {
    bytes[offset + index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** Whether an address stands for a group, as broadcast does: the lowest bit of its first byte (IEEE 802, 8.2.2). */
export function isGroup(address: MacAddress): boolean {
  return Math.floor(address / 2 ** 40) % 2 === 1;
}
