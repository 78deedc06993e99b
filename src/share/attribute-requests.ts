// Requests about attributes of files and of the file system.

import { LinuxError } from '../base/linux-error.ts';
import type { AttributeChanges, NewTime } from '../base/shared-files.ts';
import { NONE } from './message-type.ts';
import type { MessageReader } from './message-reader.ts';
import type { RequestHandler } from './session.ts';

const SECOND = 1_000_000_000n;

/** All that stat(2) tells, and when the file was made. */
const TOLD_ATTRIBUTES = 0xfffn;

const SET_MODE = 1;
const SET_USER = 2;
const SET_GROUP = 4;
const SET_SIZE = 8;
const SET_ACCESSED = 0x10;
const SET_MODIFIED = 0x20;
const ACCESSED_IS_GIVEN = 0x80;
const MODIFIED_IS_GIVEN = 0x100;
// Thirty thousand years, so that no later arithmetic overflows.
const MOST_SECONDS = 1n << 40n;

/** What Linux calls this file system (linux/magic.h): the host's type would promise features that the share does not have. */
const FILE_SYSTEM_TYPE = 0x0102_1997;
const LONGEST_NAME = 255;

export const getattr: RequestHandler = async (request, reply, { fids, identifiers }) => {
  const fid = fids.get(request.u32());
  // What the client would like to know; it takes more, too.
  request.u64();
  const attributes = await fid.file.attributes();
  reply.u64(TOLD_ATTRIBUTES);
  identifiers.write(attributes, reply);
  reply.u32(attributes.mode);
  reply.u32(attributes.user);
  reply.u32(attributes.group);
  reply.u64(attributes.links);
  reply.u64(attributes.represents);
  reply.u64(attributes.size);
  reply.u64(BigInt(attributes.blockSize));
  reply.u64(attributes.blocks);
  for (const time of [attributes.accessed, attributes.modified, attributes.changed, attributes.created]) {
    const nanoseconds = ((time % SECOND) + SECOND) % SECOND;
    reply.u64((time - nanoseconds) / SECOND);
    reply.u64(nanoseconds);
  }
  // Generation and data version are not told.
  reply.u64(0n);
  reply.u64(0n);
};

export const setattr: RequestHandler = async (request, _reply, { fids }) => {
  const fid = fids.get(request.u32());
  const which = request.u32();
  const [mode, user, group] = [request.u32(), request.u32(), request.u32()];
  const size = request.u64();
  const accessed = newTime(request, which, SET_ACCESSED, ACCESSED_IS_GIVEN);
  const modified = newTime(request, which, SET_MODIFIED, MODIFIED_IS_GIVEN);
  const changes: AttributeChanges = {
    ...((which & SET_MODE) === 0 ? {} : { mode: mode & 0o7777 }),
    ...((which & SET_USER) === 0 || user === NONE ? {} : { user }),
    ...((which & SET_GROUP) === 0 || group === NONE ? {} : { group }),
    ...(accessed === undefined ? {} : { accessed }),
    ...(modified === undefined ? {} : { modified }),
  };
  if ((which & SET_SIZE) === 0) return fid.file.change(changes);
  if (size > Number.MAX_SAFE_INTEGER) throw new LinuxError('EFBIG');
  // Who has a file open may cut it whatever its mode has become.
  if (!fid.isOpen || !fid.open.mode.write) return fid.file.change({ ...changes, size: Number(size) });
  await fid.open.setSize(Number(size));
  await fid.file.change(changes);
};

function newTime(request: MessageReader, which: number, set: number, isGiven: number): NewTime | undefined {
  const seconds = BigInt.asIntN(64, request.u64());
  const nanoseconds = request.u64();
  if ((which & set) === 0) return undefined;
  if ((which & isGiven) === 0) return 'now';
  if (nanoseconds >= SECOND || seconds < -MOST_SECONDS || seconds > MOST_SECONDS) throw new LinuxError('EINVAL');
  return seconds * SECOND + nanoseconds;
}

export const statfs: RequestHandler = async (request, reply, { fids, identifiers }) => {
  const { file } = fids.get(request.u32());
  const [space, attributes] = await Promise.all([file.space(), file.attributes()]);
  reply.u32(FILE_SYSTEM_TYPE);
  reply.u32(space.blockSize);
  reply.u64(space.blocks);
  reply.u64(space.blocksFree);
  reply.u64(space.blocksAvailable);
  reply.u64(space.files);
  reply.u64(space.filesFree);
  reply.u64(identifiers.path({ ...attributes, inode: 0n }));
  reply.u32(LONGEST_NAME);
};
