// What goes wrong with a file that a user names, in words.

/** What the user wants of the file. */
export type FileAction = 'read' | 'written';

const reasons = (action: FileAction): Readonly<Record<string, string>> => {
  const permissions = `cannot be ${action} because its permissions forbid it; change them, or run as a user who may ${action === 'read' ? 'read' : 'write'} it`;
  return {
    ENOENT: 'does not exist; check its name',
    ENOTDIR: 'does not exist, because a part of its path is no directory; check its name',
    EACCES: permissions,
    EPERM: permissions,
    EROFS: 'cannot be written because its file system is read-only; open it for reading, or copy it elsewhere',
    ETXTBSY: 'cannot be written because it runs as a program; copy it',
    EBUSY: 'cannot be opened because something else uses it; end that first',
    EISDIR: 'is a directory; name a file in it',
    ENAMETOOLONG: 'has a name that is too long; check it',
    ELOOP: 'is a symbolic link that leads to itself; name the file it should lead to',
    EMFILE: 'cannot be opened because too many files are open; raise the limit on open files',
    ENOSPC: 'cannot be made because its disk is full; free some space',
    EIO: `cannot be ${action} because its disk fails; use another copy`,
    ENOMEM: 'does not fit in memory; use a smaller file',
    ERR_FS_FILE_TOO_LARGE: 'is too large to be read whole; use a smaller file',
  };
};

/** The rest of a sentence that begins with the file: why it cannot be had, and what to do. Without the full stop. */
export function fileErrorReason(error: unknown, action: FileAction): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return reasons(action)[code] ?? `cannot be ${action} (${code || message}); check it`;
}
