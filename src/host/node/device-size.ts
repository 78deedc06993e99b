/**
 * The length in bytes of what can be read but does not tell its length, such as a block device: a multiple of `unit`, up to
 * 2^53.
 * @param canRead whether there is a unit at an offset
 */
export async function findSize(unit: number, canRead: (offset: number) => Promise<boolean>): Promise<number> {
  let end = 1;
  while (end * unit <= Number.MAX_SAFE_INTEGER && (await canRead((end - 1) * unit))) end *= 2;
  // There are at least `low` units and fewer than `end`.
  let low = Math.floor(end / 2);
  while (end - low > 1) {
    const middle = Math.floor((low + end) / 2);
    if (await canRead((middle - 1) * unit)) low = middle;
    else end = middle;
  }
  return low * unit;
}
