// What follows the header (qcow2 specification, "Header extensions").

/** What Lodge looks at of the extensions. */
export interface HeaderExtensions {
  readonly backingFormat: string | undefined;
  /** Names of incompatible features, by bit. */
  readonly featureNames: ReadonlyMap<number, string>;
}

const EXTENSION = { end: 0, backingFormat: 0xe279_2aca, featureNames: 0x6803_f857 } as const;
const FEATURE_ENTRY_SIZE = 48;

/** @param start where the header ends, within the first `cluster` */
export function readExtensions(
  cluster: Uint8Array,
  start: number,
  check: (isRight: boolean, what: string) => void,
): HeaderExtensions {
  const view = new DataView(cluster.buffer, cluster.byteOffset, cluster.length);
  let backingFormat: string | undefined;
  let featureNames: ReadonlyMap<number, string> = new Map();
  for (let position = start; position + 8 <= cluster.length;) {
    const type = view.getUint32(position);
    const length = view.getUint32(position + 4);
    if (type === EXTENSION.end) break;
    check(position + 8 + length <= cluster.length, 'a header extension is too long');
    const data = cluster.subarray(position + 8, position + 8 + length);
    if (type === EXTENSION.backingFormat) backingFormat = new TextDecoder().decode(data);
    if (type === EXTENSION.featureNames) featureNames = readFeatureNames(data);
    position += 8 + Math.ceil(length / 8) * 8;
  }
  return { backingFormat, featureNames };
}

function readFeatureNames(data: Uint8Array): Map<number, string> {
  const names = new Map<number, string>();
  for (let start = 0; start + FEATURE_ENTRY_SIZE <= data.length; start += FEATURE_ENTRY_SIZE) {
    const [type = 0, bit = 0] = data.subarray(start);
    const padded = data.subarray(start + 2, start + FEATURE_ENTRY_SIZE);
    const end = padded.indexOf(0);
    // What is printed is what a hostile image may say: letters, and nothing that moves a terminal's cursor.
    const name = new TextDecoder().decode(end < 0 ? padded : padded.subarray(0, end)).replace(/[^ -~]/g, '?');
    if (type === 0) names.set(bit, name);
  }
  return names;
}

/** Names of the features whose bits are set. */
export function incompatibleFeatures(bits: bigint, { featureNames }: HeaderExtensions): string[] {
  const names: string[] = [];
  const known = new Map([
    [2, 'external data file'],
    [4, 'extended L2 entries'],
  ]);
  for (let bit = 0; bit < 64; bit += 1) {
    if ((bits & (1n << BigInt(bit))) !== 0n)
      names.push(known.get(bit) ?? featureNames.get(bit) ?? `feature bit ${bit}`);
  }
  return names;
}
