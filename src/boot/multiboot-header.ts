import { UserError } from '../base/errors.ts';
import { formatAddress } from './format-bytes.ts';
import { ImageReader } from './image-reader.ts';

const HEADER_MAGIC = 0x1badb002;
/** The header lies within so many bytes of the start of the file, on a 4-byte boundary. */
const SEARCH_LENGTH = 8192;
/** Page-aligned modules (0), memory information (1) and a video mode (2): the rest of 0-15 is undefined. */
const UNKNOWN_REQUIREMENTS = 0xfff8;
const ADDRESSES_VALID = 1 << 16;

/** Where a file without a usable executable header says it wants to be loaded. Guest-physical. */
export interface MultibootAddresses {
  readonly fileOffset: number;
  readonly load: number;
  readonly loadEnd: number;
  readonly bssEnd: number;
  readonly entry: number;
}

export interface MultibootHeader {
  /** Present when the header carries addresses, which then count instead of the ELF headers. */
  readonly addresses: MultibootAddresses | undefined;
}

/**
 * Looks for a Multiboot header (Multiboot Specification 0.6.96, 3.1).
 *
 * @throws UserError when the header asks for what Lodge does not know, or its addresses make no sense.
 */
export function findMultibootHeader(bytes: Uint8Array): MultibootHeader | undefined {
  const image = new ImageReader(bytes, 'kernel');
  const last = Math.min(SEARCH_LENGTH, bytes.length) - 12;
  for (let at = 0; at <= last; at += 4) {
    if (image.u32(at) !== HEADER_MAGIC) continue;
    const flags = image.u32(at + 4);
    if ((HEADER_MAGIC + flags + image.u32(at + 8)) % 2 ** 32 !== 0) continue;
    if (flags & UNKNOWN_REQUIREMENTS) {
      throw new UserError(
        `The kernel's Multiboot header requires features that Lodge does not know (flags ${formatAddress(flags)}); use a kernel that asks for memory information and aligned modules alone.`,
      );
    }
    return { addresses: flags & ADDRESSES_VALID ? readAddresses(image, at) : undefined };
  }
  return undefined;
}

/** The address fields, which make any file format loadable ("a.out kludge"). */
function readAddresses(image: ImageReader, header: number): MultibootAddresses {
  const headerAddress = image.u32(header + 12);
  const load = image.u32(header + 16);
  const loadEndField = image.u32(header + 20);
  const bssEndField = image.u32(header + 24);
  const entry = image.u32(header + 28);
  const fileOffset = header - (headerAddress - load);
  // Zero stands for "to the end of the file" and for "no bss".
  const loadEnd = loadEndField === 0 ? load + image.length - fileOffset : loadEndField;
  const bssEnd = bssEndField === 0 ? loadEnd : bssEndField;
  if (
    headerAddress < load ||
    fileOffset < 0 ||
    loadEnd <= load ||
    bssEnd < loadEnd ||
    entry < load ||
    entry >= bssEnd
  ) {
    throw new UserError(
      `The addresses in the kernel's Multiboot header contradict each other (header ${formatAddress(headerAddress)}, load ${formatAddress(load)} to ${formatAddress(loadEnd)}, bss to ${formatAddress(bssEnd)}, entry ${formatAddress(entry)}); correct the header and build the kernel again.`,
    );
  }
  return { fileOffset, load, loadEnd, bssEnd, entry };
}
