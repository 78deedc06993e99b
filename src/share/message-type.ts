/** The requests of 9P2000.L by number; a reply has the next one (include/net/9p/9p.h of Linux, protocol.md of diod). */
export const REQUEST = {
  statfs: 8,
  lopen: 12,
  lcreate: 14,
  symlink: 16,
  mknod: 18,
  rename: 20,
  readlink: 22,
  getattr: 24,
  setattr: 26,
  xattrwalk: 30,
  xattrcreate: 32,
  readdir: 40,
  fsync: 50,
  lock: 52,
  getlock: 54,
  link: 70,
  mkdir: 72,
  renameat: 74,
  unlinkat: 76,
  version: 100,
  auth: 102,
  attach: 104,
  flush: 108,
  walk: 110,
  read: 116,
  write: 118,
  clunk: 120,
  remove: 122,
} as const;

/** The reply to a request that failed; it carries an error number of Linux. */
export const ERROR_REPLY = 7;
/** The tag of a request that is outside any session. */
export const NO_TAG = 0xffff;
/** Stands for no file, and for no user. */
export const NONE = 0xffff_ffff;

/** Size, type and tag, which begin every message, in bytes. */
export const HEADER_LENGTH = 7;
