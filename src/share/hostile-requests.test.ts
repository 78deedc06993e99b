import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SharedDirectory } from '../host/node/shared-directory.ts';
import { BenchClient, concatenate, ReplyError, string, u16, u32, u64, u8 } from './bench-client.ts';
import type { Field } from './bench-client.ts';
import { NinePServer } from './nine-p-server.ts';

/** What every request holds: numbers by their size in bytes, a string as `s`, and data with its length as `d`. */
const FORMS: Readonly<Record<number, string>> = {
  8: '4',
  12: '44',
  14: '4s444',
  16: '4ss4',
  18: '4s4444',
  20: '44s',
  22: '4',
  24: '48',
  26: '4444488888',
  30: '44s',
  32: '4s84',
  40: '484',
  50: '44',
  52: '414884s',
  54: '41884s',
  70: '44s',
  72: '4s44',
  74: '4s4s',
  76: '4s4',
  102: '4ss4',
  104: '44ss4',
  108: '2',
  110: '442ss',
  116: '484',
  118: '48d',
  120: '4',
  122: '4',
};

/** Pseudo-random numbers below `limit` (mulberry32). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function message(type: number, tag: number, body: Uint8Array): Uint8Array {
  return concatenate([u32(7 + body.length), u8(type), u16(tag), body]);
}

/** The guest may have taken its own permissions away. */
function makeUsable(directory: Buffer): void {
  chmodSync(directory, 0o755);
  for (const name of readdirSync(directory, 'buffer')) {
    const file = Buffer.concat([directory, Buffer.from('/'), name]);
    const stats = lstatSync(file);
    if (stats.isDirectory()) makeUsable(file);
    else if (stats.isFile()) chmodSync(file, 0o644);
  }
}

test('a request that is cut off is answered by an error', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'lodge-share-'));
  const share = await SharedDirectory.open(path);
  context.after(async () => {
    await share.close();
    rmSync(path, { recursive: true });
  });
  const client = new BenchClient(new NinePServer(share));
  await client.start();
  for (const [type, form] of Object.entries(FORMS)) {
    const fields = [...form].map((kind) => {
      if (kind === 's') return string('name');
      if (kind === 'd') return concatenate([u32(4), u32(0)]);
      return new Uint8Array(Number(kind));
    });
    if (type === '110') fields[2] = u16(2);
    const body = concatenate(fields);
    for (let length = 0; length < body.length; length++) {
      const reply = client.sendBytes(message(Number(type), 5, body.subarray(0, length)), 5);
      assert.notEqual(await client.errorOf(reply), 0, `type ${type} cut to ${length} bytes`);
      if (type === '120' || type === '122') await client.errorOf(client.start());
    }
  }
  assert.deepEqual(readdirSync(path), []);
  const raw = new NinePServer(share);
  for (const bytes of [
    new Uint8Array(),
    new Uint8Array(3),
    Uint8Array.of(255, 255, 255, 255, 100, 1, 0),
    Uint8Array.of(3, 0, 0, 0, 100, 1, 0),
  ]) {
    assert.equal((await raw.handle(bytes))[4], 7);
  }
});

test('counts and lengths beyond the message do no harm', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'lodge-share-'));
  writeFileSync(join(path, 'file'), 'content');
  const share = await SharedDirectory.open(path);
  context.after(async () => {
    await share.close();
    rmSync(path, { recursive: true });
  });
  const client = new BenchClient(new NinePServer(share));
  await client.start();
  await client.walk(0, 1, 'file');
  await client.open(1, 2);
  const attempts = [
    () => client.send(118, u32(1), u64(0), u32(0xffff_ffff), u8(1)),
    () => client.send(118, u32(1), u64(0xffff_ffff_ffff_ffffn), u32(1), u8(1)),
    () => client.send(110, u32(0), u32(5), u16(0xffff), string('a')),
    () => client.send(72, u32(0), u16(0xffff), u8(0x61)),
    () => client.send(118, u32(1), u64(0), u32(10_000), new Uint8Array(10_000)),
  ];
  for (const attempt of attempts) assert.notEqual(await client.errorOf(attempt()), 0);
  assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'content');
});

test(
  'whatever a guest sends is answered in due form, and stays in the directory',
  { timeout: 120_000 },
  async (context) => {
    const seed = Number(process.env.LODGE_SEED ?? 20_251_127);
    context.diagnostic(`seed ${seed}`);
    const random = randomNumbers(seed);
    const place = mkdtempSync(join(tmpdir(), 'lodge-share-'));
    const path = join(place, 'shared');
    for (const name of ['shared/a/b', 'secret']) mkdirSync(join(place, name), { recursive: true });
    writeFileSync(join(place, 'secret/file'), 'secret');
    writeFileSync(join(path, 'a/file'), 'content');
    symlinkSync('../secret', join(path, 'out'));
    symlinkSync('../secret/file', join(path, 'file'));
    const share = await SharedDirectory.open(path, { mostHandles: 200 });
    const server = new NinePServer(share);
    context.after(async () => {
      server.reset();
      await share.close();
      makeUsable(Buffer.from(path));
      rmSync(place, { recursive: true });
    });
    const client = new BenchClient(server);
    await client.start();

    const names = [
      'a',
      'b',
      'c',
      'file',
      'out',
      '..',
      '.',
      '',
      'a/b',
      '../secret',
      'x\0',
      'n'.repeat(300),
      'shared',
      'secret',
    ];
    const field = (kind: string): Field => {
      if (kind === 's') return string(names[random(random(3) === 0 ? names.length : 4)] as string);
      if (kind === 'd') {
        const data = new Uint8Array(random(200)).fill(random(256));
        return concatenate([u32(random(20) === 0 ? random(2 ** 31) : data.length), data]);
      }
      // Mostly small numbers, which mean something as fids, counts and flags.
      const value = random(8) === 0 ? random(2 ** 31) * 2 + random(2) : random(random(5) === 0 ? 4096 : 5);
      if (kind === '1') return u8(value & 0xff);
      if (kind === '2') return u16(random(8) === 0 ? value & 0xffff : 2);
      // Sizes and offsets that a disk has room for, or too large ones.
      return kind === '4' ? u32(value) : u64(random(8) === 0 ? BigInt(value) << 33n : value & 0xfffff);
    };
    const types = Object.keys(FORMS).map(Number);
    let errors = 0;
    let successes = 0;
    let underWay: Promise<unknown>[] = [];
    for (let index = 0; index < 50_000; index++) {
      let type = types[random(types.length)] as number;
      // Else hardly a fid would live.
      if ((type === 120 || type === 122) && random(4) !== 0) type = 110;
      let request = message(type, index % 0xfff0, concatenate([...(FORMS[type] as string)].map(field)));
      if (random(10) === 0) request = request.slice(0, 7 + random(request.length - 6));
      if (random(10) === 0) request[random(request.length)] = random(256);
      if (random(30) === 0) request = Uint8Array.from({ length: random(40) }, () => random(256));
      // Now and then a request would begin a new session, or has a length that does not fit it: then the tag may be another.
      const isWhole = request.length >= 7;
      const tag = isWhole ? (request[5] as number) | ((request[6] as number) << 8) : 0xffff;
      if (request[4] === 100) continue;
      underWay.push(
        client.sendBytes(request, tag).then(
          () => successes++,
          (error: unknown) => {
            if (!(error instanceof ReplyError)) throw error;
            errors++;
          },
        ),
      );
      if (underWay.length >= 16 || index % 64 === 0) {
        await Promise.all(underWay);
        underWay = [];
      }
      if (index % 64 === 0) {
        makeUsable(Buffer.from(path));
        await client.start();
        await client.errorOf(client.walk(0, 1, 'a'));
        await client.errorOf(client.walk(0, 2, 'a/file'));
      }
    }
    await Promise.all(underWay);
    context.diagnostic(`${successes} replies, ${errors} errors`);
    assert.ok(successes > 3000 && errors > 5000);
    server.reset();
    while (share.openHandles > 1) await new Promise(setImmediate);
    assert.deepEqual(readdirSync(place).sort(), ['secret', 'shared']);
    assert.deepEqual(readdirSync(join(place, 'secret')), ['file']);
    assert.equal(readFileSync(join(place, 'secret/file'), 'utf8'), 'secret');
  },
);
