import { LinuxError } from '../../base/linux-error.ts';

const LONGEST_NAME = 255;
const SLASH = 0x2f;
const DOT = 0x2e;
// Other ways to write a separator, and streams of a file.
const WINDOWS_SPECIAL = /[\\:]/;

/** The name, if it leads to an entry of a directory and nowhere else. */
export function proper(name: Uint8Array): Uint8Array {
  if (name.length === 0) throw new LinuxError('ENOENT');
  if (name.length > LONGEST_NAME) throw new LinuxError('ENAMETOOLONG');
  const isDots = name.length <= 2 && name.every((byte) => byte === DOT);
  if (isDots || name.includes(0) || name.includes(SLASH)) throw new LinuxError('EINVAL');
  if (process.platform === 'win32' && WINDOWS_SPECIAL.test(Buffer.from(name).toString('latin1'))) {
    throw new LinuxError('EINVAL');
  }
  return name;
}
