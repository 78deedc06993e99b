import { FILE_TYPE_DIRECTORY, FILE_TYPE_MASK, FILE_TYPE_SYMBOLIC_LINK } from '../base/shared-files.ts';
import type { FileAttributes } from '../base/shared-files.ts';
import type { MessageWriter } from './message-writer.ts';

/** The length of an identifier in a message, in bytes. */
export const IDENTIFIER_LENGTH = 13;

const QTDIR = 0x80;
const QTSYMLINK = 0x02;
const INODE_BITS = 56n;
/** In place of a device's number: the rest is a hash. */
const HASHED = 0xffn;

/**
 * Writes identifiers ("qid"): type, version, and a path of 64 bits that no two files share. A client takes it for an inode number, so
 * that files of several devices have to go into one space.
 */
export class FileIdentifiers {
  /** Small numbers for the devices that were seen, the first 0. */
  readonly #devices = new Map<bigint, bigint>();

  write(attributes: FileAttributes, reply: MessageWriter): void {
    const type = attributes.mode & FILE_TYPE_MASK;
    if (type === FILE_TYPE_DIRECTORY) reply.u8(QTDIR);
    else reply.u8(type === FILE_TYPE_SYMBOLIC_LINK ? QTSYMLINK : 0);
    // A client that caches drops what it has when the version changes. Zero would say that it must not cache.
    const { modified, size } = attributes;
    reply.u32(Number(BigInt.asUintN(32, modified ^ (modified >> 32n) ^ (size << 8n))) || 1);
    reply.u64(this.path(attributes));
  }

  /** Inode numbers of one device as they are, as long as they fit. */
  path({ device, inode }: FileAttributes): bigint {
    let number = this.#devices.get(device);
    if (number === undefined) {
      number = BigInt(this.#devices.size);
      if (number < HASHED) this.#devices.set(device, number);
    }
    if (number < HASHED && inode >> INODE_BITS === 0n) return (number << INODE_BITS) | inode;
    return (HASHED << INODE_BITS) | (mix(mix(device) ^ inode) >> 8n);
  }
}

/** Spreads 64 bits so that every bit of the result depends on all of them (the finalizer of SplitMix64). */
function mix(value: bigint): bigint {
  let mixed = BigInt.asUintN(64, value + 0x9e3779b97f4a7c15n);
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
  return mixed ^ (mixed >> 31n);
}
