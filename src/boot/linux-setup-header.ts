import { UserError } from '../base/errors.ts';
import { ImageReader } from './image-reader.ts';

/** Where the setup header begins, in the file and in boot_params alike. */
export const SETUP_HEADER_START = 0x1f1;
/** boot_params has other uses from here on, so that the header cannot reach further. */
const SETUP_HEADER_LIMIT = 0x290;
const BOOT_SECTOR_MARK = 0xaa55;
const HEADER_MAGIC = 0x53726448; // "HdrS"
const SECTOR = 512;

/** Protocol versions that added fields (Documentation/arch/x86/boot.rst, "The Linux/x86 Boot Protocol"). */
const VERSION = {
  commandLinePointer: 0x202,
  initrdLimit: 0x203,
  wideSize: 0x204,
  relocatable: 0x205,
} as const;
const VERSION_COMMAND_LINE_SIZE = 0x206;
const VERSION_PREFERRED_ADDRESS = 0x20a;
const VERSION_EXTENDED_FLAGS = 0x20c;

const LOADED_HIGH = 1 << 0;
const XLF_KERNEL_64 = 1 << 0;
const XLF_CAN_BE_LOADED_ABOVE_4G = 1 << 1;

/** What a bzImage says about itself. Addresses are guest-physical, lengths in bytes. */
export interface LinuxImage {
  /** Boot protocol version: major in the high byte, minor in the low. */
  readonly version: number;
  /** The header as it goes into boot_params at 0x1f1. */
  readonly setupHeader: Uint8Array;
  /** The protected-mode part of the file. */
  readonly payload: Uint8Array;
  /** Whether it has the 64-bit entry, 0x200 past the start of the payload. */
  readonly entry64: boolean;
  readonly initrdAbove4GiB: boolean;
  /** The last address that the initrd may occupy. */
  readonly initrdAddressMax: number;
  /** The longest command line, without its zero byte. */
  readonly commandLineMax: number;
  readonly relocatable: boolean;
  readonly alignment: number;
  readonly preferredAddress: number;
  /** Memory the kernel needs from where it runs before it has read the memory map. */
  readonly initSize: number;
}

/** Whether the file has the header that every Linux/x86 kernel since 2.00 of the protocol has. */
export function looksLikeLinux(bytes: Uint8Array): boolean {
  if (bytes.length < 0x206) return false;
  const image = new ImageReader(bytes, 'kernel');
  return image.u16(0x1fe) === BOOT_SECTOR_MARK && image.u32(0x202) === HEADER_MAGIC;
}

/**
 * Reads the setup header of a file for which `looksLikeLinux` holds.
 *
 * @throws UserError for an image that only real-mode entry can start, or that is cut short or damaged.
 */
export function readLinuxImage(bytes: Uint8Array): LinuxImage {
  const image = new ImageReader(bytes, 'kernel');
  const version = image.u16(0x206);
  if (version < VERSION.commandLinePointer || (image.u8(0x211) & LOADED_HIGH) === 0) {
    throw new UserError(
      `The kernel is an old zImage (boot protocol ${version >> 8}.${String(version & 0xff).padStart(2, '0')}) that only starts in real mode below 1 MiB; use a bzImage of Linux 2.4 or later.`,
    );
  }
  const since = <T>(first: number, read: () => T, otherwise: T): T => (version >= first ? read() : otherwise);
  const headerEnd = Math.min(0x202 + image.u8(0x201), SETUP_HEADER_LIMIT);
  const alignment = since(VERSION.relocatable, () => image.u32(0x230), 0x100000);
  const extendedFlags = since(VERSION_EXTENDED_FLAGS, () => image.u16(0x236), 0);
  const payload = payloadOf(image, version);
  const relocatable = since(VERSION.relocatable, () => image.u8(0x234) !== 0, false);
  if (relocatable && (alignment === 0 || (alignment & (alignment - 1)) !== 0)) {
    throw new UserError(
      `The kernel asks for an alignment of ${alignment}, which is no power of two; the file is damaged, so fetch or build it again.`,
    );
  }
  return {
    version,
    setupHeader: image.slice(SETUP_HEADER_START, headerEnd - SETUP_HEADER_START),
    payload,
    entry64: (extendedFlags & XLF_KERNEL_64) !== 0,
    initrdAbove4GiB: (extendedFlags & XLF_CAN_BE_LOADED_ABOVE_4G) !== 0,
    initrdAddressMax: since(VERSION.initrdLimit, () => image.u32(0x22c), 0x37ffffff),
    commandLineMax: since(VERSION_COMMAND_LINE_SIZE, () => image.u32(0x238), 255),
    relocatable,
    alignment,
    preferredAddress: since(VERSION_PREFERRED_ADDRESS, () => image.u64(0x258), 0x100000),
    initSize: Math.max(
      since(VERSION_PREFERRED_ADDRESS, () => image.u32(0x260), 0),
      payload.length,
    ),
  };
}

/** The file after its boot sector and setup sectors, as long as the header says. */
function payloadOf(image: ImageReader, version: number): Uint8Array {
  const setupSectors = image.u8(0x1f1) || 4;
  const start = (1 + setupSectors) * SECTOR;
  // Before 2.04 the size has 16 bits, too few for a bzImage: the rest of the file is the kernel.
  if (version < VERSION.wideSize) return image.slice(start, Math.max(image.length - start, 1));
  // The size counts 16-byte units, rounded up; the file need not be padded to match.
  const length = image.u32(0x1f4) * 16;
  return image.slice(start, Math.max(Math.min(length, image.length - start), length - 15, 1));
}
