// Requests about names in directories.

import { LinuxError } from '../base/linux-error.ts';
import { FILE_TYPE_MASK, FILE_TYPE_REGULAR } from '../base/shared-files.ts';
import type { NewFile } from '../base/shared-files.ts';
import type { Fid } from './fid-table.ts';
import { NONE } from './message-type.ts';
import type { RequestHandler } from './session.ts';

/** As in symlink(2), without the zero at the end. */
const LONGEST_TARGET = 4095;
/** The only flag of unlinkat(2). */
const REMOVE_DIRECTORY = 0x200;
const PERMISSIONS = 0o7777;

/** A file as a client asks for it by way of `parent`. */
export function newFile(name: Uint8Array, mode: number, group: number, parent: Fid): NewFile {
  const { user } = parent;
  return {
    name,
    mode: mode & PERMISSIONS,
    ...(user === undefined ? {} : { user }),
    ...(group === NONE ? {} : { group }),
  };
}

export const mkdir: RequestHandler = async (request, reply, { fids, identifiers }) => {
  const parent = fids.get(request.u32());
  const wanted = newFile(request.string(), request.u32(), request.u32(), parent);
  identifiers.write(await parent.file.makeDirectory(wanted), reply);
};

export const symlink: RequestHandler = async (request, reply, { fids, identifiers }) => {
  const parent = fids.get(request.u32());
  const name = request.string();
  const target = request.string();
  const wanted = newFile(name, 0o777, request.u32(), parent);
  if (target.length === 0) throw new LinuxError('ENOENT');
  if (target.length > LONGEST_TARGET) throw new LinuxError('ENAMETOOLONG');
  if (target.includes(0)) throw new LinuxError('EINVAL');
  identifiers.write(await parent.file.makeSymbolicLink(wanted, target), reply);
};

/** Makes regular files alone: devices would be the host's, and pipes and sockets would join its programs to the guest's. */
export const mknod: RequestHandler = async (request, reply, { fids, identifiers }) => {
  const parent = fids.get(request.u32());
  const name = request.string();
  const mode = request.u32();
  request.u64();
  const wanted = newFile(name, mode, request.u32(), parent);
  const type = mode & FILE_TYPE_MASK;
  if (type !== 0 && type !== FILE_TYPE_REGULAR) throw new LinuxError('EPERM');
  const openMode = { read: false, write: true, append: false, truncate: false, synchronous: 'no' } as const;
  const { file, attributes, open } = await parent.file.create(wanted, openMode, true);
  await Promise.all([open.close(), file.release()]);
  identifiers.write(attributes, reply);
};

export const readlink: RequestHandler = async (request, reply, { fids }) =>
  reply.string(await fids.get(request.u32()).file.readLink());

export const link: RequestHandler = async (request, _reply, { fids }) => {
  const directory = fids.get(request.u32());
  const existing = fids.get(request.u32());
  await directory.file.link(request.string(), existing.file);
};

export const rename: RequestHandler = async (request, _reply, { fids }) => {
  const fid = fids.get(request.u32());
  const directory = fids.get(request.u32());
  await fid.file.moveTo(directory.file, request.string());
};

export const renameat: RequestHandler = async (request, _reply, { fids }) => {
  const directory = fids.get(request.u32());
  const name = request.string();
  const newDirectory = fids.get(request.u32());
  await directory.file.rename(name, newDirectory.file, request.string());
};

export const unlinkat: RequestHandler = async (request, _reply, { fids }) => {
  const directory = fids.get(request.u32());
  const name = request.string();
  const flags = request.u32();
  if ((flags & ~REMOVE_DIRECTORY) !== 0) throw new LinuxError('EINVAL');
  await directory.file.unlink(name, flags !== 0);
};
