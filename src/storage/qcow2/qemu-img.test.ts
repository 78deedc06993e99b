// QEMU's own program as the judge of what Lodge writes, and as the maker of what it reads.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { DiskModel } from '../bench/disk-model.ts';
import { Random } from '../bench/random.ts';
import { MemoryFile } from '../memory-file.ts';
import { RawImage } from '../raw-image.ts';
import { checkQcow2 } from './check.ts';
import { createQcow2 } from './create.ts';
import type { Inflaters } from './decompressor.ts';
import { Qcow2Image } from './qcow2-image.ts';

const isMissing = spawnSync('qemu-img', ['--version']).status !== 0;
const directory = mkdtempSync(join(tmpdir(), 'lodge-qcow2-'));
after(() => rmSync(directory, { recursive: true }));

const zstd = (zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdDecompressSync;
const inflaters: Inflaters = {
  deflate: async (bytes) => inflateRawSync(bytes),
  zstd: zstd === undefined ? undefined : async (bytes) => zstd(bytes),
};

const at = (name: string): string => join(directory, name);

function qemuImg(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8', cwd: directory });
  assert.equal(status, 0, `qemu-img ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

async function open(content: Uint8Array, base?: Uint8Array): Promise<{ image: Qcow2Image; file: MemoryFile }> {
  const file = new MemoryFile('image', content);
  const image = await Qcow2Image.open(file, {
    inflaters,
    openBacking: async () => new RawImage(new MemoryFile('base', base ?? assert.fail(), true)),
  });
  return { image, file };
}

/** Bytes of which some parts are zeroes and some compress well, to a whole number of sectors. */
function disk(random: Random, sectors: number): Uint8Array {
  const bytes = new Uint8Array(sectors * 512);
  for (let start = 0; start < bytes.length;) {
    const length = Math.min(bytes.length - start, 512 * (1 + random.below(200)));
    const kind = random.below(3);
    if (kind === 1) bytes.fill(random.below(256), start, start + length);
    if (kind === 2) bytes.set(random.bytes(length), start);
    start += length;
  }
  return bytes;
}

describe('qemu-img', { skip: isMissing }, () => {
  const formats: [string, string[], string[]][] = [
    ['version 3', [], []],
    ['version 2', ['-o', 'compat=0.10'], []],
    ['512-byte clusters', ['-o', 'cluster_size=512'], []],
    ['2 MiB clusters', ['-o', 'cluster_size=2M'], []],
    ['1-bit refcounts', ['-o', 'refcount_bits=1'], []],
    ['64-bit refcounts', ['-o', 'refcount_bits=64'], []],
    ['compressed clusters', ['-c'], []],
    ['compressed 4 KiB clusters', ['-c', '-o', 'cluster_size=4k'], []],
    ['clusters compressed with zstd', ['-c', '-o', 'compression_type=zstd'], ['zstd']],
    ['preallocated', ['-o', 'preallocation=metadata'], []],
  ];
  for (const [name, options, needs] of formats) {
    test(`makes what Lodge reads, and finds right what Lodge writes into it: ${name}`, async (context) => {
      if (needs.includes('zstd') && zstd === undefined) return context.skip('this Node.js has no zstd');
      const random = new Random(name.length);
      const content = disk(random, 6000);
      writeFileSync(at('raw'), content);
      qemuImg('convert', '-O', 'qcow2', ...options, 'raw', 'image');
      const { image, file } = await open(readFileSync(at('image')));
      const model = new DiskModel(random, content, 400);
      await model.compare(image, 0, image.size);
      await model.exercise(image, 60);
      await image.close();
      assert.deepEqual(await checkQcow2(file), { errors: [], leaks: 0 });
      writeFileSync(at('image'), file.content());
      qemuImg('check', 'image');
      qemuImg('convert', '-O', 'raw', 'image', 'back');
      assert.ok(readFileSync(at('back')).equals(model.bytes));
    });
  }

  for (const version of [2, 3] as const) {
    for (const clusterBits of [9, 16]) {
      test(`finds right what Lodge makes: version ${version}, clusters of ${2 ** clusterBits} bytes`, async () => {
        const random = new Random(clusterBits);
        const base = disk(random, 1501);
        writeFileSync(at('base'), base);
        const file = new MemoryFile('image');
        const size = 3001 * 512;
        await createQcow2(file, { size, clusterBits, version, backing: { name: 'base', format: 'raw' } });
        writeFileSync(at('image'), file.content());
        qemuImg('check', 'image');
        assert.match(qemuImg('info', 'image'), /backing file: base[^]*backing file format: raw/);
        const bytes = new Uint8Array(size);
        bytes.set(base);
        const opened = await open(file.content(), base);
        const model = new DiskModel(random, bytes, 400);
        await model.exercise(opened.image, 100);
        await opened.image.close();
        writeFileSync(at('image'), opened.file.content());
        qemuImg('check', 'image');
        qemuImg('convert', '-O', 'raw', 'image', 'back');
        assert.ok(readFileSync(at('back')).equals(model.bytes));
      });
    }
  }

  test('finds its snapshots as they were after Lodge has written', async () => {
    const random = new Random(5);
    const contents = [disk(random, 6000), disk(random, 6000)];
    writeFileSync(at('raw'), contents[0]!);
    for (const compat of ['1.1', '0.10']) {
      qemuImg('convert', '-O', 'qcow2', '-o', `cluster_size=4k,compat=${compat}`, 'raw', 'image');
      qemuImg('snapshot', '-c', 'first', 'image');
      const { image, file } = await open(readFileSync(at('image')));
      const model = new DiskModel(random, contents[0]!.slice(), 200);
      await model.exercise(image, 40);
      await image.close();
      assert.deepEqual(await checkQcow2(file), { errors: [], leaks: 0 });
      writeFileSync(at('image'), file.content());
      qemuImg('check', 'image');
      qemuImg('convert', '-O', 'raw', '-l', 'first', 'image', 'back');
      assert.ok(readFileSync(at('back')).equals(contents[0]!));
      qemuImg('convert', '-O', 'raw', 'image', 'back');
      assert.ok(readFileSync(at('back')).equals(model.bytes));
      qemuImg('snapshot', '-a', 'first', 'image');
      qemuImg('snapshot', '-d', 'first', 'image');
      qemuImg('check', 'image');
    }
  });

  test('finds refcount tables and L1 tables that Lodge made large right', async () => {
    const file = new MemoryFile('image');
    await createQcow2(file, { size: 24 << 20, clusterBits: 9, refcountOrder: 6 });
    const { image, file: written } = await open(file.content());
    const random = new Random(3);
    const model = new DiskModel(random, new Uint8Array(24 << 20), 4000);
    await model.exercise(image, 30);
    await image.close();
    writeFileSync(at('image'), written.content());
    assert.match(qemuImg('check', 'image'), /No errors were found/);
  });
});
