// Kernel files built byte for byte, for the tests of this folder.

import { StructureWriter } from './structure-writer.ts';

const concatenate = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

export interface BzImageOptions {
  readonly version?: number;
  readonly loadFlags?: number;
  readonly extendedFlags?: number;
  readonly relocatable?: boolean;
  readonly alignment?: number;
  readonly preferredAddress?: number;
  readonly initSize?: number;
  readonly initrdMax?: number;
  readonly commandLineSize?: number;
  readonly setupSectors?: number;
  readonly headerJump?: number;
  readonly payload?: Uint8Array;
}

export const PAYLOAD = Uint8Array.from({ length: 0x1000 }, (_, index) => (index * 7 + 1) & 0xff);

/** A Linux image as `make bzImage` lays it out: boot sector, setup sectors, protected-mode part. */
export function bzImage(options: BzImageOptions = {}): Uint8Array {
  const setupSectors = options.setupSectors ?? 3;
  const payload = options.payload ?? PAYLOAD;
  const setup = new StructureWriter((1 + (setupSectors || 4)) * 512)
    .u8(0x1f1, setupSectors)
    .u32(0x1f4, Math.ceil(payload.length / 16))
    .u16(0x1fe, 0xaa55)
    .u8(0x200, 0xeb)
    .u8(0x201, options.headerJump ?? 0x6a)
    .u32(0x202, 0x53726448)
    .u16(0x206, options.version ?? 0x20f)
    .u8(0x211, options.loadFlags ?? 1)
    .u32(0x22c, options.initrdMax ?? 0x7fffffff)
    .u32(0x230, options.alignment ?? 0x200000)
    .u8(0x234, (options.relocatable ?? true) ? 1 : 0)
    .u16(0x236, options.extendedFlags ?? 0x3)
    .u32(0x238, options.commandLineSize ?? 2047)
    .u64(0x258, options.preferredAddress ?? 0x1000000)
    .u32(0x260, options.initSize ?? 0x800000);
  return concatenate(setup.bytes, payload);
}

export interface ElfOptions {
  readonly bits?: 32 | 64;
  readonly machine?: number;
  readonly type?: number;
  readonly entry?: number | bigint;
  readonly segments?: readonly {
    readonly virtual?: number | bigint;
    readonly physical: number;
    readonly bytes: Uint8Array;
    readonly memoryLength?: number;
  }[];
  readonly notes?: Uint8Array;
}

/** An ELF executable: header, program headers, then the segments' bytes in order. */
export function elf(options: ElfOptions): Uint8Array {
  const wide = (options.bits ?? 32) === 64;
  const segments = options.segments ?? [];
  const headerLength = wide ? 64 : 52;
  const programHeaderLength = wide ? 56 : 32;
  const parts = [...segments.map((segment) => segment.bytes), ...(options.notes ? [options.notes] : [])];
  const headers = new StructureWriter(headerLength + parts.length * programHeaderLength);
  const view = new DataView(headers.bytes.buffer);
  const word = (at: number, value: number | bigint): void => {
    if (wide) view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    else view.setUint32(at, Number(value), true);
  };
  headers.copy(0, Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1));
  headers
    .u16(16, options.type ?? 2)
    .u16(18, options.machine ?? (wide ? 62 : 3))
    .u32(20, 1);
  word(24, options.entry ?? segments[0]?.physical ?? 0);
  word(wide ? 32 : 28, headerLength);
  headers.u16(wide ? 54 : 42, programHeaderLength).u16(wide ? 56 : 44, parts.length);
  let offset = headers.bytes.length;
  parts.forEach((bytes, index) => {
    const segment = segments[index];
    const at = headerLength + index * programHeaderLength;
    const fields = wide
      ? { offset: 8, virtual: 16, physical: 24, file: 32, memory: 40 }
      : { offset: 4, virtual: 8, physical: 12, file: 16, memory: 20 };
    headers.u32(at, segment === undefined ? 4 : 1);
    word(at + fields.offset, offset);
    word(at + fields.virtual, segment?.virtual ?? segment?.physical ?? 0);
    word(at + fields.physical, segment?.physical ?? 0);
    word(at + fields.file, bytes.length);
    word(at + fields.memory, segment?.memoryLength ?? bytes.length);
    offset += bytes.length;
  });
  return concatenate(headers.bytes, ...parts);
}

/** One entry of a note segment, its name and content padded to 4 bytes. */
export function note(name: string, type: number, content: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(`${name}\0`);
  const writer = new StructureWriter(12 + Math.ceil(text.length / 4) * 4 + Math.ceil(content.length / 4) * 4);
  writer.u32(0, text.length).u32(4, content.length).u32(8, type);
  return writer.copy(12, text).copy(12 + Math.ceil(text.length / 4) * 4, content).bytes;
}

export const littleEndian32 = (value: number): Uint8Array => new StructureWriter(4).u32(0, value).bytes;
export const littleEndian64 = (value: number): Uint8Array => new StructureWriter(8).u64(0, value).bytes;

/** A file or segment that begins with a Multiboot header; `addresses` are the fields of the a.out kludge. */
export function multibootBytes(flags: number, addresses: readonly number[] = [], length = 64): Uint8Array {
  const writer = new StructureWriter(length).u32(0, 0x1badb002).u32(4, flags);
  writer.u32(8, (2 ** 32 - ((0x1badb002 + flags) % 2 ** 32)) % 2 ** 32);
  addresses.forEach((address, index) => writer.u32(12 + index * 4, address));
  return writer.bytes;
}
