import { UserError } from '../base/errors.ts';
import { looksLikeElf } from './elf-image.ts';

const SUPPORTED = 'a Linux bzImage, a PVH ELF file or a Multiboot file';

interface Signature {
  readonly offset: number;
  readonly bytes: readonly number[];
  /** Completes "The kernel is …". */
  readonly advice: string;
}

/** Files that are often mistaken for a kernel that can be booted. */
const SIGNATURES: readonly Signature[] = [
  {
    offset: 0,
    bytes: [0x1f, 0x8b],
    advice: 'compressed with gzip; unpack it with gunzip and pass the result',
  },
  {
    offset: 0,
    bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a],
    advice: 'compressed with xz; unpack it with unxz and pass the result',
  },
  {
    offset: 0,
    bytes: [0x28, 0xb5, 0x2f, 0xfd],
    advice: 'compressed with zstd; unpack it with unzstd and pass the result',
  },
  {
    offset: 0,
    bytes: [0x30, 0x37, 0x30, 0x37, 0x30],
    advice: 'a cpio archive; pass it with --initrd, and a kernel with --kernel',
  },
  {
    offset: 0x38,
    bytes: [0x41, 0x52, 0x4d, 0x64],
    advice: 'a Linux kernel for arm64; use one for i386 or x86-64',
  },
  {
    offset: 0,
    bytes: [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e],
    advice: 'a package or library archive; pass the kernel file inside it',
  },
  {
    offset: 0x8001,
    bytes: [0x43, 0x44, 0x30, 0x30, 0x31],
    advice: 'a CD image, not a kernel; pass the kernel file inside it',
  },
  {
    offset: 0x1fe,
    bytes: [0x55, 0xaa],
    advice: `a boot sector or disk image, not a kernel; pass ${SUPPORTED}`,
  },
];

/** What to tell the user about a file that no boot protocol recognises. */
export function unsupportedKernel(kernel: Uint8Array): UserError {
  if (kernel.length === 0) return new UserError(`The kernel file is empty; pass ${SUPPORTED}.`);
  if (looksLikeElf(kernel)) {
    return new UserError(
      'The kernel is an ELF file with neither a PVH entry note nor a Multiboot header; pass the bzImage of a Linux kernel, or build it with CONFIG_PVH.',
    );
  }
  const known = SIGNATURES.find(({ offset, bytes }) => bytes.every((byte, index) => kernel[offset + index] === byte));
  if (known !== undefined) return new UserError(`The kernel is ${known.advice}.`);
  return new UserError(`The file is no kernel that Lodge knows; pass ${SUPPORTED}.`);
}
