import { opendir } from 'node:fs/promises';
import { LinuxError } from '../../base/linux-error.ts';

/** The names in a directory, each ended by a zero byte. ENOMEM if they take more than `limit` bytes. */
export async function listNames(path: string | Buffer, limit: number): Promise<Uint8Array> {
  let list = new Uint8Array(4096);
  let length = 0;
  // Its types know strings alone.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 1024 };
  for await (const entry of await opendir(path as string, options)) {
    const name = entry.name as unknown as Buffer;
    const end = length + name.length + 1;
    if (end > limit) throw new LinuxError('ENOMEM');
    if (end > list.length) {
      const larger = new Uint8Array(list.length * 2);
      larger.set(list);
      list = larger;
    }
    list.set(name, length);
    length = end;
  }
  return list.slice(0, length);
}
