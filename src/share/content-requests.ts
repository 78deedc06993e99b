// Requests about the contents of open files.

import { LinuxError } from '../base/linux-error.ts';
import { FILE_TYPE_MASK } from '../base/shared-files.ts';
import type { FileAttributes, SharedFile } from '../base/shared-files.ts';
import type { Entry } from './directory-listing.ts';
import { IDENTIFIER_LENGTH } from './file-identifier.ts';
import type { RequestHandler } from './session.ts';

/** How many entries of a directory are looked at together. */
const BATCH = 32;
const DOT = 0x2e;
/** What an entry takes beside its identifier and name: its offset, type, and the length of the name. */
const ENTRY_OVERHEAD = 8 + 1 + 2;

const LOCK_IS_GRANTED = 0;
const UNLOCKED = 2;

export const read: RequestHandler = async (request, reply, { fids }) => {
  const { open } = fids.get(request.u32());
  const offset = request.u64();
  const count = Math.min(request.u32(), reply.room - 4);
  reply.u32(0);
  const start = reply.length;
  if (offset > Number.MAX_SAFE_INTEGER - count) return;
  const done = await open.read(Number(offset), reply.space(count));
  reply.setU32(start - 4, done);
  reply.shorten(start + done);
};

export const write: RequestHandler = async (request, reply, { fids }) => {
  const { open } = fids.get(request.u32());
  const offset = request.u64();
  const data = request.bytes(request.u32());
  if (offset > Number.MAX_SAFE_INTEGER - data.length) throw new LinuxError('EFBIG');
  await open.write(Number(offset), data);
  reply.u32(data.length);
};

export const fsync: RequestHandler = async (request, _reply, { fids }) => {
  const { open } = fids.get(request.u32());
  await open.synchronize(request.u32() !== 0);
};

/** The names in a directory after an offset, as many as the client has room for; none at the end. */
export const readdir: RequestHandler = async (request, reply, { fids, identifiers, listings }) => {
  const fid = fids.get(request.u32());
  const offset = request.u64();
  const room = Math.min(request.u32(), reply.room - 4);
  const { file, open } = fid;
  reply.u32(0);
  const start = reply.length;
  if (offset > Number.MAX_SAFE_INTEGER) return;
  if (offset === 0n || fid.listing === undefined) {
    const listing = await listings.take(file);
    fid.listing?.dispose();
    fid.listing = listing;
    // Closed meanwhile: nobody would dispose of it.
    if (fid.isReleased) listing.dispose();
  }
  if (open.mode.write) throw new LinuxError('ENOTDIR');
  const { listing } = fid;
  let position = Number(offset);
  let isFull = false;
  // Those that are gone by now are left out, but a reply without any would mean the end.
  while (!isFull || reply.length === start) {
    const entries: Entry[] = [];
    let length = 0;
    isFull = false;
    for (
      let entry = listing.entryAt(position);
      entry !== undefined && entries.length < BATCH;
      entry = listing.entryAt(position)
    ) {
      length += IDENTIFIER_LENGTH + ENTRY_OVERHEAD + entry.name.length;
      if (reply.length - start + length > room) {
        isFull = true;
        break;
      }
      entries.push(entry);
      position = entry.next;
    }
    if (entries.length === 0) {
      if (isFull && reply.length === start) throw new LinuxError('EINVAL');
      break;
    }
    const found = await Promise.all(entries.map(({ name }) => attributesOfEntry(file, name)));
    for (const [index, { name, next }] of entries.entries()) {
      const attributes = found[index];
      if (attributes === undefined) continue;
      identifiers.write(attributes, reply);
      reply.u64(BigInt(next));
      reply.u8((attributes.mode & FILE_TYPE_MASK) >> 12);
      reply.string(name);
    }
  }
  reply.setU32(start - 4, reply.length - start);
};

/** Undefined if there is no such entry any more. */
async function attributesOfEntry(directory: SharedFile, name: Uint8Array): Promise<FileAttributes | undefined> {
  if (name.every((byte) => byte === DOT) && name.length <= 2) {
    if (name.length === 1) return directory.attributes();
    // A directory that has been removed is nowhere.
    return directory.attributesOfParent().catch(() => directory.attributes());
  }
  return directory.attributesOf(name).catch(() => undefined);
}

/**
 * The client's kernel sees to locks between its own processes before it asks, and nobody else has this session. So a lock is
 * always granted; it holds between the guest's processes and not against the host's.
 */
export const lock: RequestHandler = async (request, reply, { fids }) => {
  fids.get(request.u32());
  // Type, flags, start, length, process and client.
  request.bytes(1 + 4 + 8 + 8 + 4);
  request.string();
  reply.u8(LOCK_IS_GRANTED);
};

/** Who would be in the way of a lock: nobody. */
export const getlock: RequestHandler = async (request, reply, { fids }) => {
  fids.get(request.u32());
  request.u8();
  reply.u8(UNLOCKED);
  reply.u64(request.u64());
  reply.u64(request.u64());
  reply.u32(request.u32());
  reply.string(request.string());
};
