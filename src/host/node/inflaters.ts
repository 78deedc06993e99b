import * as zlib from 'node:zlib';
import type { Inflate, Inflaters } from '../../storage/qcow2/decompressor.ts';

type Decompress = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
  done: (error: Error | null, result: Uint8Array) => void,
) => void;

const inflate =
  (decompress: Decompress): Inflate =>
  (compressed, size) =>
    new Promise((resolve, reject) =>
      decompress(compressed, { maxOutputLength: size }, (error, result) =>
        error === null ? resolve(result) : reject(error),
      ),
    );

// Node.js has zstd since 22.15, later than its types here.
const { zstdDecompress } = zlib as { readonly zstdDecompress?: Decompress };

/** What Node.js can decompress, on threads of its own. */
export const nodeInflaters: Inflaters = {
  deflate: inflate(zlib.inflateRaw as Decompress),
  zstd: zstdDecompress === undefined ? undefined : inflate(zstdDecompress),
};
