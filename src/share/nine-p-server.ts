import type { FileServer } from '../base/file-server.ts';
import { LINUX_ERROR_NUMBERS, LinuxError } from '../base/linux-error.ts';
import type { SharedFiles } from '../base/shared-files.ts';
import { getattr, setattr, statfs } from './attribute-requests.ts';
import { fsync, getlock, lock, read, readdir, write } from './content-requests.ts';
import { attach, clunk, lcreate, lopen, remove, walk } from './fid-requests.ts';
import { FileIdentifiers } from './file-identifier.ts';
import { MessageReader } from './message-reader.ts';
import { ERROR_REPLY, HEADER_LENGTH, NO_TAG, REQUEST } from './message-type.ts';
import { MessageWriter } from './message-writer.ts';
import { link, mkdir, mknod, readlink, rename, renameat, symlink, unlinkat } from './name-requests.ts';
import { Session, type RequestHandler } from './session.ts';

/** In bytes. Linux takes no less than the first (net/9p/client.c), and 500 KiB over virtio at most. */
const SHORTEST_MESSAGE = 4096;
const LONGEST_MESSAGE = 512 * 1024;
const VERSION = '9P2000.L';
const UNKNOWN_VERSION = 'unknown';

/** Authentication and extended attributes are not there; a client does without. */
const unsupported: RequestHandler = async () => {
  throw new LinuxError('EOPNOTSUPP');
};

const HANDLERS: ReadonlyMap<number, RequestHandler> = new Map([
  [REQUEST.statfs, statfs],
  [REQUEST.lopen, lopen],
  [REQUEST.lcreate, lcreate],
  [REQUEST.symlink, symlink],
  [REQUEST.mknod, mknod],
  [REQUEST.rename, rename],
  [REQUEST.readlink, readlink],
  [REQUEST.getattr, getattr],
  [REQUEST.setattr, setattr],
  [REQUEST.xattrwalk, unsupported],
  [REQUEST.xattrcreate, unsupported],
  [REQUEST.readdir, readdir],
  [REQUEST.fsync, fsync],
  [REQUEST.lock, lock],
  [REQUEST.getlock, getlock],
  [REQUEST.link, link],
  [REQUEST.mkdir, mkdir],
  [REQUEST.renameat, renameat],
  [REQUEST.unlinkat, unlinkat],
  [REQUEST.auth, unsupported],
  [REQUEST.attach, attach],
  [REQUEST.walk, walk],
  [REQUEST.read, read],
  [REQUEST.write, write],
  [REQUEST.clunk, clunk],
  [REQUEST.remove, remove],
]);

/** Serves shared files by 9P2000.L, the dialect of Linux's v9fs, to one client. */
export class NinePServer implements FileServer {
  readonly #files: SharedFiles;
  readonly #identifiers = new FileIdentifiers();
  /** The requests that are under way, by tag. */
  readonly #underWay = new Map<number, Promise<void>>();
  #session: Session;

  constructor(files: SharedFiles) {
    this.#files = files;
    this.#session = new Session(files, this.#identifiers, 0);
  }

  async handle(request: Uint8Array): Promise<Uint8Array> {
    const view = new DataView(request.buffer, request.byteOffset, request.length);
    if (request.length < HEADER_LENGTH) return failure(NO_TAG, new LinuxError('EPROTO'));
    const length = view.getUint32(0, true);
    const type = view.getUint8(4);
    const tag = view.getUint16(5, true);
    if (length < HEADER_LENGTH || length > request.length) return failure(tag, new LinuxError('EPROTO'));
    const answer = this.#answer(type, tag, request.subarray(0, length));
    const ended = answer.then(() => {});
    this.#underWay.set(tag, ended);
    try {
      return await answer;
    } finally {
      if (this.#underWay.get(tag) === ended) this.#underWay.delete(tag);
    }
  }

  reset(): void {
    this.#begin(0);
  }

  async #answer(type: number, tag: number, message: Uint8Array): Promise<Uint8Array> {
    const session = this.#session;
    try {
      const reader = new MessageReader(message);
      if (type === REQUEST.version) return this.#negotiate(tag, reader);
      if (session.longestMessage === 0) throw new LinuxError('EPROTO');
      if (message.length > session.longestMessage) throw new LinuxError('EMSGSIZE');
      const reply = new MessageWriter(session.longestMessage);
      if (type === REQUEST.flush) await this.#underWay.get(reader.u16());
      else await (HANDLERS.get(type) ?? unsupported)(reader, reply, session);
      return reply.finish(type + 1, tag);
    } catch (error) {
      return failure(tag, error);
    }
  }

  /** Agrees on a version and the length of messages. It begins a new session, whatever the version. */
  #negotiate(tag: number, request: MessageReader): Uint8Array {
    const longest = Math.min(request.u32(), LONGEST_MESSAGE);
    const isKnown = new TextDecoder().decode(request.string()) === VERSION;
    if (longest < SHORTEST_MESSAGE) throw new LinuxError('EMSGSIZE');
    this.#begin(isKnown ? longest : 0);
    const reply = new MessageWriter(longest);
    reply.u32(longest);
    reply.string(new TextEncoder().encode(isKnown ? VERSION : UNKNOWN_VERSION));
    return reply.finish(REQUEST.version + 1, tag);
  }

  #begin(longestMessage: number): void {
    this.#session.fids.close();
    this.#session = new Session(this.#files, this.#identifiers, longestMessage);
  }
}

function failure(tag: number, error: unknown): Uint8Array {
  const reply = new MessageWriter(HEADER_LENGTH + 4);
  // Anything else is a mistake in Lodge, which the guest is not to end Lodge by.
  reply.u32(error instanceof LinuxError ? error.number : LINUX_ERROR_NUMBERS.EIO);
  return reply.finish(ERROR_REPLY, tag);
}
