// Reading one file out of a newc archive, such as busybox out of an image that Lodge built.

const HEADER_LENGTH = 110;
const MAGIC = '070701';
const padded = (length: number): number => (length + 3) & ~3;

/** The data of the member with that path. Throws an Error when there is none. */
export function readMember(archive: Buffer, path: string): Buffer {
  for (let at = 0; archive.toString('latin1', at, at + MAGIC.length) === MAGIC;) {
    const field = (index: number): number =>
      parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const dataLength = field(6);
    const nameLength = field(11);
    const data = at + padded(HEADER_LENGTH + nameLength);
    if (archive.toString('utf8', at + HEADER_LENGTH, at + HEADER_LENGTH + nameLength - 1) === path) {
      return archive.subarray(data, data + dataLength);
    }
    at = data + padded(dataLength);
  }
  throw new Error(`the archive has no ${path}`);
}
