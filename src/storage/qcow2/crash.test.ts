// Whatever is lost when the power is cut: what was flushed is there, and the image is consistent.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { Random } from '../bench/random.ts';
import { VolatileFile } from '../bench/volatile-file.ts';
import { MemoryFile } from '../memory-file.ts';
import { RawImage } from '../raw-image.ts';
import { checkQcow2 } from './check.ts';
import { createQcow2, type Qcow2Options } from './create.ts';
import { Qcow2Image } from './qcow2-image.ts';

const BASE_SECTORS = 500;
const inflaters = { deflate: async (bytes: Uint8Array) => inflateRawSync(bytes), zstd: undefined };

/** For each sector the stamps that it may have after a crash: the one that was flushed last, and all since. */
class Expectation {
  readonly allowed: Set<number>[];

  constructor(allowed: readonly ReadonlySet<number>[]) {
    this.allowed = allowed.map((stamps) => new Set(stamps));
  }

  copy(): Expectation {
    return new Expectation(this.allowed);
  }
}

/** A sector is one stamp over and over, so that a torn mix shows. */
const stamp = (number: number, sectors: number): Uint8Array =>
  new Uint8Array(new Uint32Array((sectors * 512) / 4).fill(number).buffer);

interface Case {
  readonly name: string;
  readonly options: Omit<Qcow2Options, 'size'>;
  /** A multiple of 3. */
  readonly sectors: number;
  readonly isBacked: boolean;
  /** Of requests before which there is a crash. */
  readonly rate: number;
}

interface Crash {
  readonly content: Uint8Array;
  readonly expected: Expectation;
  readonly how: string;
}

class Workload {
  readonly random: Random;
  readonly file: VolatileFile;
  readonly crashes: Crash[] = [];
  readonly #sectors: number;
  readonly #isBacked: boolean;
  readonly #rate: number;
  readonly #expected: Expectation;
  #next = 1000;

  constructor(random: Random, content: Uint8Array, { sectors, isBacked, rate }: Case) {
    this.random = random;
    this.#sectors = sectors;
    this.#rate = rate;
    this.#isBacked = isBacked;
    this.file = new VolatileFile(random, content);
    this.#expected = new Expectation(
      Array.from({ length: sectors }, (_, sector) => new Set([isBacked && sector < BASE_SECTORS ? sector + 1 : 0])),
    );
    this.file.onRequest = (kind) => {
      if (kind === 'read' || !random.chance(this.#rate) || this.crashes.length > 40) return;
      const expected = this.#expected.copy();
      this.crashes.push({ content: this.file.cutPower(), expected, how: `power cut before a ${kind}` });
      this.crashes.push({ content: this.file.content(), expected, how: `killed before a ${kind}` });
    };
  }

  open(file: VolatileFile | MemoryFile): Promise<Qcow2Image> {
    const base = Array.from({ length: BASE_SECTORS }, (_, sector) => sector + 1);
    const bytes = new Uint8Array(
      Uint32Array.from({ length: BASE_SECTORS * 128 }, (_, word) => base[word >> 7]!).buffer,
    );
    return Qcow2Image.open(file, {
      inflaters,
      openBacking: async () => {
        assert.ok(this.#isBacked);
        return new RawImage(new MemoryFile('base', bytes, true));
      },
    });
  }

  async run(image: Qcow2Image, rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      // Three at once, on thirds of the disk, and perhaps a flush beside them.
      const third = this.#sectors / 3;
      const requests = [0, 1, 2].map((part) => this.#request(image, part * third, third));
      if (this.random.chance(0.3)) await image.flush();
      await Promise.all(requests);
      if (this.random.chance(0.3)) await this.#flush(image);
    }
  }

  /** Until a flush is done, old stamps may come back; after it, only the newest is there. */
  async #flush(image: Qcow2Image): Promise<void> {
    const newest = this.#expected.allowed.map((stamps) => [...stamps].at(-1) as number);
    await image.flush();
    for (const [sector, number] of newest.entries()) this.#expected.allowed[sector] = new Set([number]);
  }

  async #request(image: Qcow2Image, first: number, sectors: number): Promise<void> {
    const start = first + this.random.below(sectors);
    const count = 1 + this.random.below(Math.min(this.#sectors / 15, first + sectors - start));
    const kind = this.random.below(10);
    const number = kind < 7 ? this.#next++ : 0;
    for (let sector = start; sector < start + count; sector += 1) {
      const stamps = this.#expected.allowed[sector]!;
      stamps.delete(number);
      stamps.add(number);
    }
    if (kind < 7) await image.write(start * 512, stamp(number, count));
    else if (kind < 9) await image.writeZeroes(start * 512, count * 512, this.random.chance(0.7));
    else await this.#discard(image, start, count);
  }

  /** A discarded cluster is zeroes, or what it was. */
  async #discard(image: Qcow2Image, start: number, count: number): Promise<void> {
    await image.discard(start * 512, count * 512);
    const now = new Uint8Array(count * 512);
    await image.read(start * 512, now);
    for (let sector = 0; sector < count; sector += 1) {
      const number = new DataView(now.buffer).getUint32(sector * 512, true);
      const stamps = this.#expected.allowed[start + sector]!;
      stamps.delete(number);
      stamps.add(number);
    }
  }

  async verify({ content, expected, how }: Crash): Promise<number> {
    const file = new MemoryFile('crashed', content);
    const { errors, leaks } = await checkQcow2(file);
    assert.deepEqual(errors, [], how);
    const image = await this.open(file);
    const disk = new Uint8Array(this.#sectors * 512);
    await image.read(0, disk);
    const words = new Uint32Array(disk.buffer);
    for (let sector = 0; sector < this.#sectors; sector += 1) {
      const found = words[sector * 128]!;
      const isWhole = words.subarray(sector * 128, sector * 128 + 128).every((word) => word === found);
      const allowed = expected.allowed[sector]!;
      assert.ok(isWhole && allowed.has(found), `${how}: sector ${sector} is ${found}, of ${[...allowed].join()}`);
    }
    // And it can be written again.
    const random = new Random(1);
    for (let round = 0; round < 10; round += 1) await image.write(random.below(this.#sectors) * 512, stamp(7, 1));
    await image.close();
    assert.deepEqual((await checkQcow2(file)).errors, [], `${how}, and used again`);
    return leaks;
  }
}

describe('crashes', () => {
  const cases: Case[] = [
    { name: '4 KiB clusters', options: { clusterBits: 12 }, sectors: 900, isBacked: false, rate: 0.05 },
    { name: 'version 2', options: { clusterBits: 10, version: 2 }, sectors: 900, isBacked: false, rate: 0.03 },
    { name: 'on a backing disk', options: { clusterBits: 9 }, sectors: 900, isBacked: true, rate: 0.03 },
    { name: '64 KiB clusters on a backing disk', options: {}, sectors: 900, isBacked: true, rate: 0.1 },
    {
      name: 'a refcount table that grows',
      options: { clusterBits: 9, refcountOrder: 6 },
      sectors: 12_000,
      isBacked: false,
      rate: 0.003,
    },
  ];
  for (const config of cases) {
    for (const seed of [1, 2, 3]) {
      test(`${config.name} (seed ${seed})`, async () => {
        const random = new Random(seed);
        const empty = new MemoryFile('empty');
        const backing = config.isBacked ? { backing: { name: 'base', format: 'raw' } } : {};
        await createQcow2(empty, { ...config.options, ...backing, size: config.sectors * 512 });
        const workload = new Workload(random, empty.content(), config);
        const image = await workload.open(workload.file);
        await workload.run(image, 60);
        assert.ok(workload.crashes.length > 20, `${workload.crashes.length} crashes`);
        for (const crash of workload.crashes) await workload.verify(crash);
        await image.close();
        assert.deepEqual(await checkQcow2(new MemoryFile('closed', workload.file.content())), { errors: [], leaks: 0 });
      });
    }
  }
});
