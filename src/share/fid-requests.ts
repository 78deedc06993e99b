// Requests that change what fids stand for.

import { LinuxError } from '../base/linux-error.ts';
import { FILE_TYPE_DIRECTORY, FILE_TYPE_MASK } from '../base/shared-files.ts';
import type { FileAttributes, OpenMode, SharedFile } from '../base/shared-files.ts';
import { Fid } from './fid-table.ts';
import type { MessageReader } from './message-reader.ts';
import { NONE } from './message-type.ts';
import { newFile } from './name-requests.ts';
import type { RequestHandler } from './session.ts';

const SLASH = 0x2f;
const LONGEST_WALK = 16;

// Flags of open(2) as the protocol has them.
const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;
const READ_WRITE = 0o2;
const EXCLUSIVE = 0o200;
const TRUNCATE = 0o1000;
const APPEND = 0o2000;
const DATA_SYNCHRONOUS = 0o10000;
const DIRECTORY = 0o200000;
const SYNCHRONOUS = 0o4000000;

/** Makes a fid of the share's directory. */
export const attach: RequestHandler = async (request, reply, { fids, files, identifiers }) => {
  const number = request.u32();
  const authentication = request.u32();
  request.string();
  const tree = request.string();
  const user = request.u32();
  if (authentication !== NONE) throw new LinuxError('EBADF');
  // There is one tree to a share: the client may leave its name out, or call it the root.
  if (tree.length > 1 || (tree.length === 1 && tree[0] !== SLASH)) throw new LinuxError('ENOENT');
  await fids.add(number, async () => {
    const root = await files.root();
    const attributes = await attributesOrRelease(root);
    identifiers.write(attributes, reply);
    return new Fid(root, user === NONE ? undefined : user);
  });
};

/** Follows names from a fid, and makes a new fid of where they lead, or moves the old one there. */
export const walk: RequestHandler = async (request, reply, { fids, identifiers }) => {
  const oldNumber = request.u32();
  const fid = fids.get(oldNumber);
  const number = request.u32();
  const names = readNames(request);
  if (names.length > 0 && fid.isOpen) throw new LinuxError('EBADF');
  reply.u16(0);
  const countAt = reply.length - 2;
  let count = 0;
  /** Undefined if only some of the names lead somewhere, which the reply tells. */
  const follow = async (): Promise<SharedFile | undefined> => {
    let file = fid.file.retain();
    let isDirectory = true;
    try {
      for (const name of names) {
        if (!isDirectory) throw new LinuxError('ENOTDIR');
        const found = await file.find(name);
        await file.release();
        file = found.file;
        isDirectory = (found.attributes.mode & FILE_TYPE_MASK) === FILE_TYPE_DIRECTORY;
        identifiers.write(found.attributes, reply);
        count++;
      }
      return file;
    } catch (error) {
      await file.release();
      if (count === 0) throw error;
      return undefined;
    }
  };
  if (number === oldNumber) {
    if (names.length > 0) {
      await fid.change(async () => {
        const file = await follow();
        return file === undefined ? {} : { file };
      });
    }
  } else {
    await fids.add(number, async () => {
      const file = await follow();
      return file === undefined ? undefined : new Fid(file, fid.user);
    });
  }
  reply.setU16(countAt, count);
};

/** Opens a file or directory. */
export const lopen: RequestHandler = async (request, reply, { fids, identifiers }) => {
  const fid = fids.get(request.u32());
  const flags = request.u32();
  await fid.change(async () => {
    const { file } = fid;
    const attributes = await file.attributes();
    const mode = openMode(flags);
    if ((attributes.mode & FILE_TYPE_MASK) === FILE_TYPE_DIRECTORY) {
      if (mode.write || mode.truncate) throw new LinuxError('EISDIR');
    } else if ((flags & DIRECTORY) !== 0) throw new LinuxError('ENOTDIR');
    const open = await file.open(mode);
    identifiers.write(mode.truncate ? { ...attributes, size: 0n } : attributes, reply);
    reply.u32(0);
    return { open };
  });
};

/** Makes a file in a directory and opens it; the directory's fid becomes the file's. */
export const lcreate: RequestHandler = async (request, reply, { fids, identifiers }) => {
  const fid = fids.get(request.u32());
  const name = request.string();
  const flags = request.u32();
  const wanted = newFile(name, request.u32(), request.u32(), fid);
  await fid.change(async () => {
    const { file, attributes, open } = await fid.file.create(wanted, openMode(flags), (flags & EXCLUSIVE) !== 0);
    identifiers.write(attributes, reply);
    reply.u32(0);
    return { file, open };
  });
};

export const clunk: RequestHandler = async (request, _reply, { fids }) => fids.remove(request.u32()).release();

/** Removes a file, and its fid whether that works or not. */
export const remove: RequestHandler = async (request, _reply, { fids }) => {
  const fid = fids.remove(request.u32());
  try {
    await fid.file.remove();
  } finally {
    await fid.release();
  }
};

function readNames(request: MessageReader): Uint8Array[] {
  const count = request.u16();
  if (count > LONGEST_WALK) throw new LinuxError('EINVAL');
  return Array.from({ length: count }, () => request.string());
}

async function attributesOrRelease(file: SharedFile): Promise<FileAttributes> {
  try {
    return await file.attributes();
  } catch (error) {
    await file.release();
    throw error;
  }
}

function openMode(flags: number): OpenMode {
  const access = flags & ACCESS_MODE;
  if (access === ACCESS_MODE) throw new LinuxError('EINVAL');
  // The flag for attributes too includes a bit of its own and that for data.
  let synchronous: OpenMode['synchronous'] = 'no';
  if ((flags & SYNCHRONOUS) !== 0) synchronous = 'all';
  else if ((flags & DATA_SYNCHRONOUS) !== 0) synchronous = 'data';
  return {
    read: access !== WRITE_ONLY,
    write: access === WRITE_ONLY || access === READ_WRITE,
    append: (flags & APPEND) !== 0,
    truncate: (flags & TRUNCATE) !== 0,
    synchronous,
  };
}
