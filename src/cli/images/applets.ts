// Which applets a busybox binary has, read from the binary itself: nothing of a guest is run on the host,
// and a host of another architecture can build the image as well.

// The names stand in one table, sorted, each ended by a NUL; '[' and '[[' sort first.
const FIRST_NAMES = '\0[\0[[\0';
const NAME = /^[a-z0-9[][a-z0-9_.[-]*$/;

// What the images' own scripts call; a table without them is not the table.
const NEEDED = ['sh', 'init', 'mount', 'umount', 'stty', 'cttyhack', 'dd', 'ip', 'poweroff', 'reboot'];

/** The applet names of the given busybox executable. Throws an Error when it has no table of them. */
export function appletNames(busybox: Uint8Array): string[] {
  const bytes = Buffer.from(busybox.buffer, busybox.byteOffset, busybox.length);
  for (let at = bytes.indexOf(FIRST_NAMES); at >= 0; at = bytes.indexOf(FIRST_NAMES, at + 1)) {
    const names: string[] = [];
    let start = at + 1;
    for (;;) {
      const end = bytes.indexOf(0, start);
      const name = bytes.toString('latin1', start, end < 0 ? start : end);
      if (!NAME.test(name)) break;
      names.push(name);
      start = end + 1;
    }
    if (NEEDED.every((name) => names.includes(name))) return names;
  }
  throw new Error('the busybox executable has no table of its applets');
}
