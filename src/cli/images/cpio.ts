// Writing cpio archives in the "newc" format, the one that Linux unpacks into its initramfs.
// Format: Linux Documentation/driver-api/early-userspace/buffer-format.rst. An archive is a run of
// members (110 bytes of ASCII header, the name, the data, each padded to 4 bytes) that ends with a
// member named TRAILER!!!. The kernel accepts several archives one after another.

/** One member of an archive. `path` has no leading slash; a directory comes before what is in it. */
export type CpioMember =
  | { kind: 'directory'; path: string; mode?: number }
  | { kind: 'file'; path: string; data: Uint8Array; mode?: number }
  | { kind: 'link'; path: string; target: string }
  | { kind: 'character-device'; path: string; major: number; minor: number; mode?: number };

// The file type bits of st_mode, inode(7).
const DIRECTORY = 0o040000;
const REGULAR_FILE = 0o100000;
const SYMBOLIC_LINK = 0o120000;
const CHARACTER_DEVICE = 0o020000;

const HEADER_LENGTH = 110;
const TRAILER = 'TRAILER!!!';

interface Header {
  mode: number;
  links: number;
  major: number;
  minor: number;
  data: Uint8Array;
}

const text = new TextEncoder();
const nothing = new Uint8Array(0);

function describe(member: CpioMember): Header {
  switch (member.kind) {
    case 'directory':
      return { mode: DIRECTORY | (member.mode ?? 0o755), links: 2, major: 0, minor: 0, data: nothing };
    case 'file':
      return { mode: REGULAR_FILE | (member.mode ?? 0o644), links: 1, major: 0, minor: 0, data: member.data };
    case 'link':
      return { mode: SYMBOLIC_LINK | 0o777, links: 1, major: 0, minor: 0, data: text.encode(member.target) };
    case 'character-device':
      return {
        mode: CHARACTER_DEVICE | (member.mode ?? 0o600),
        links: 1,
        major: member.major,
        minor: member.minor,
        data: nothing,
      };
  }
}

const padded = (length: number): number => (length + 3) & ~3;

/**
 * The bytes of a newc archive with these members, its length a multiple of 4 so that another archive may
 * follow. Owner and time of every member are 0, so that the same members give the same bytes.
 */
export function writeCpio(members: readonly CpioMember[]): Uint8Array {
  const parts: { name: Uint8Array; header: Header; inode: number }[] = members.map((member, index) => ({
    name: text.encode(member.path),
    header: describe(member),
    inode: index + 1,
  }));
  parts.push({
    name: text.encode(TRAILER),
    header: { mode: 0, links: 1, major: 0, minor: 0, data: nothing },
    inode: 0,
  });
  let length = 0;
  for (const { name, header } of parts) length += padded(HEADER_LENGTH + name.length + 1) + padded(header.data.length);
  const archive = new Uint8Array(length);
  let offset = 0;
  for (const { name, header, inode } of parts) {
    const fields = [
      inode,
      header.mode,
      0, // user
      0, // group
      header.links,
      0, // modification time
      header.data.length,
      0, // major and minor number of the device that holds the file
      0,
      header.major,
      header.minor,
      name.length + 1,
      0, // checksum, unused in this variant
    ];
    const hex = fields.map((field) => field.toString(16).padStart(8, '0').toUpperCase()).join('');
    archive.set(text.encode(`070701${hex}`), offset);
    archive.set(name, offset + HEADER_LENGTH);
    offset += padded(HEADER_LENGTH + name.length + 1);
    archive.set(header.data, offset);
    offset += padded(header.data.length);
  }
  return archive;
}
