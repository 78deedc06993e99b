import { UserError } from '../base/errors.ts';
import { formatAddress } from './format-bytes.ts';
import { ImageReader } from './image-reader.ts';

const ELF_MAGIC = 0x464c457f;
const CLASS_32 = 1;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const TYPE_EXECUTABLE = 2;
const TYPE_SHARED = 3;
const MACHINE_386 = 3;
const MACHINE_X86_64 = 62;
const SEGMENT_LOAD = 1;
const SEGMENT_NOTE = 4;

/** A PT_LOAD segment. Addresses are as linked, lengths in bytes. */
export interface ElfSegment {
  readonly physical: number;
  readonly virtual: number;
  readonly bytes: Uint8Array;
  /** At least the length of `bytes`; the rest is zero. */
  readonly memoryLength: number;
}

export interface ElfNote {
  readonly name: string;
  readonly type: number;
  readonly content: ImageReader;
}

export interface ElfImage {
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
  readonly notes: readonly ElfNote[];
}

export function looksLikeElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new ImageReader(bytes, 'kernel').u32(0) === ELF_MAGIC;
}

/**
 * Reads an ELF executable for x86 (System V ABI, "Object Files"; both the 32-bit and the 64-bit class).
 *
 * @throws UserError when it is for another machine, no executable, cut short, or damaged.
 */
export function readElf(bytes: Uint8Array): ElfImage {
  const image = new ImageReader(bytes, 'kernel');
  const wide = image.u8(4) === CLASS_64;
  if ((!wide && image.u8(4) !== CLASS_32) || image.u8(5) !== LITTLE_ENDIAN) throw otherMachine();
  const machine = image.u16(18);
  if (machine !== MACHINE_386 && machine !== MACHINE_X86_64) throw otherMachine(machine);
  const type = image.u16(16);
  if (type !== TYPE_EXECUTABLE && type !== TYPE_SHARED) {
    throw new UserError(
      `The kernel is an ELF file of type ${type}, not an executable; link it first, or pass the linked file.`,
    );
  }
  const headers = wide ? image.u64(32) : image.u32(28);
  const headerLength = image.u16(wide ? 54 : 42);
  const count = image.u16(wide ? 56 : 44);
  const segments: ElfSegment[] = [];
  const notes: ElfNote[] = [];
  for (let index = 0; index < count; index++) {
    const header = readProgramHeader(image, headers + index * headerLength, wide);
    if (header.type === SEGMENT_LOAD && header.memoryLength > 0) segments.push(loadSegment(image, header));
    if (header.type === SEGMENT_NOTE) notes.push(...readNotes(image.slice(header.offset, header.fileLength)));
  }
  return { entry: wide ? linearAddress(image, 24) : image.u32(24), segments, notes };
}

interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly virtual: number;
  readonly physical: number;
  readonly fileLength: number;
  readonly memoryLength: number;
}

function readProgramHeader(image: ImageReader, at: number, wide: boolean): ProgramHeader {
  const type = image.u32(at);
  if (!wide) {
    return {
      type,
      offset: image.u32(at + 4),
      virtual: image.u32(at + 8),
      physical: image.u32(at + 12),
      fileLength: image.u32(at + 16),
      memoryLength: image.u32(at + 20),
    };
  }
  // Segments that are not loaded, such as GNU_STACK, may hold anything.
  const loaded = type === SEGMENT_LOAD || type === SEGMENT_NOTE;
  return {
    type,
    offset: loaded ? image.u64(at + 8) : 0,
    virtual: loaded ? linearAddress(image, at + 16) : 0,
    physical: type === SEGMENT_LOAD ? image.u64(at + 24) : 0,
    fileLength: loaded ? image.u64(at + 32) : 0,
    memoryLength: loaded ? image.u64(at + 40) : 0,
  };
}

/** A 64-bit address as far as a double holds it; only differences from other such addresses are used. */
function linearAddress(image: ImageReader, at: number): number {
  const high = image.u32(at + 4);
  // The kernel half of the address space sign-extends, so that small differences stay exact.
  return (high >= 2 ** 31 ? high - 2 ** 32 : high) * 2 ** 32 + image.u32(at);
}

function loadSegment(image: ImageReader, header: ProgramHeader): ElfSegment {
  const { physical, virtual, fileLength, memoryLength } = header;
  if (fileLength > memoryLength) {
    throw new UserError(
      `The kernel's segment at ${formatAddress(physical)} has more bytes in the file (${fileLength}) than in memory (${memoryLength}); the file is damaged, so build it again.`,
    );
  }
  return { physical, virtual, memoryLength, bytes: image.slice(header.offset, fileLength) };
}

/** The notes of a PT_NOTE segment, which pads names and contents to 4 bytes. A cut-off note ends the list. */
function readNotes(bytes: Uint8Array): ElfNote[] {
  const segment = new ImageReader(bytes, 'kernel');
  const notes: ElfNote[] = [];
  let at = 0;
  while (at + 12 <= bytes.length) {
    const nameLength = segment.u32(at);
    const contentLength = segment.u32(at + 4);
    const content = at + 12 + Math.ceil(nameLength / 4) * 4;
    if (content + contentLength > bytes.length) break;
    notes.push({
      name: String.fromCharCode(...bytes.subarray(at + 12, at + 12 + Math.min(nameLength, 32))).replace(/\0.*$/s, ''),
      type: segment.u32(at + 8),
      content: new ImageReader(bytes.subarray(content, content + contentLength), 'kernel note'),
    });
    at = content + Math.ceil(contentLength / 4) * 4;
  }
  return notes;
}

function otherMachine(machine?: number): UserError {
  const what =
    machine === undefined ? 'an ELF file of another byte order or word size' : `an ELF file for machine ${machine}`;
  return new UserError(`The kernel is ${what}, not for x86; use a kernel for i386 or x86-64.`);
}
