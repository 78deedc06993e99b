/** An IPv4 address as a number, the first byte in the highest bits. */
export type Ipv4Address = number;

/** A block of addresses: those that have the bits of `mask` as `address` has. */
export interface Ipv4Block {
  readonly address: Ipv4Address;
  readonly mask: number;
}

const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** The address of four decimal numbers with dots; undefined when the text is none. */
export function parseIpv4(text: string): Ipv4Address | undefined {
  const match = DOTTED.exec(text);
  if (match === null) return undefined;
  let address = 0;
  for (const part of match.slice(1)) {
    const value = Number(part);
    if (value > 255) return undefined;
    address = address * 256 + value;
  }
  return address;
}

export function formatIpv4(address: Ipv4Address): string {
  return [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff].join('.');
}

/** The block of a text such as 10.1.0.0/16, or of one address; undefined when the text is neither. */
export function parseIpv4Block(text: string): Ipv4Block | undefined {
  const [base = '', length, ...rest] = text.split('/');
  const address = parseIpv4(base);
  if (address === undefined || rest.length > 0) return undefined;
  if (length === undefined) return { address, mask: 0xffff_ffff };
  if (!/^\d{1,2}$/.test(length) || Number(length) > 32) return undefined;
  // A shift by 32 is a shift by none.
  const mask = Number(length) === 0 ? 0 : (-1 << (32 - Number(length))) >>> 0;
  return { address: (address & mask) >>> 0, mask };
}

export function isInBlock(address: Ipv4Address, block: Ipv4Block): boolean {
  return (address & block.mask) >>> 0 === block.address;
}

/** 127.0.0.0/8. */
export function isLoopback(address: Ipv4Address): boolean {
  return address >>> 24 === 127;
}

/** 169.254.0.0/16, where the metadata services of clouds live as well. */
export function isLinkLocal(address: Ipv4Address): boolean {
  return address >>> 16 === 0xa9fe;
}

/** Whether an address may be the far end of a conversation of two: no multicast, broadcast, "this network" or loopback. */
export function isUnicast(address: Ipv4Address): boolean {
  const first = address >>> 24;
  return first > 0 && first < 224 && first !== 127;
}
