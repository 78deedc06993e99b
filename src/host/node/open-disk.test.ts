import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import type { BlockBackend } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import { MemoryFile } from '../../storage/memory-file.ts';
import { createQcow2, type Qcow2Options } from '../../storage/qcow2/create.ts';
import { DISK_SYNTAX, parseDiskText } from './disk-text.ts';
import { openDisk } from './open-disk.ts';

const root = mkdtempSync(join(tmpdir(), 'lodge-disks-'));
let directory: string;
let count = 0;
const temporary = process.env['TMPDIR'];
before(() => {
  process.env['TMPDIR'] = join(root, 'temporary');
  mkdirSync(process.env['TMPDIR']);
});
after(() => {
  if (temporary === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = temporary;
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  directory = join(root, `${count++}`);
  mkdirSync(directory);
});

const at = (name: string): string => join(directory, name);
const SIZE = 1 << 20;

function raw(name: string, fill: number, size = SIZE): string {
  writeFileSync(at(name), new Uint8Array(size).fill(fill));
  return at(name);
}

async function qcow2(name: string, options: Partial<Qcow2Options> = {}): Promise<string> {
  const file = new MemoryFile(name);
  await createQcow2(file, { size: SIZE, ...options });
  writeFileSync(at(name), file.content());
  return at(name);
}

const open = async (text: string): Promise<BlockBackend> => (await openDisk(text, assert.fail)).backend;

async function firstByte(disk: BlockBackend, offset = 0): Promise<number> {
  const sector = new Uint8Array(512);
  await disk.read(offset, sector);
  return sector[0]!;
}

/** An image of 4 KiB clusters with one L2 entry, given in halves, and data that follows the L2 table. */
async function withTable(name: string, high: number, low: number | 'after', data = Buffer.alloc(0)): Promise<string> {
  const bytes = readFileSync(await qcow2(name, { clusterBits: 12 }));
  const image = Buffer.concat([bytes, Buffer.alloc(4096), data, Buffer.alloc(300, 0xee)]);
  image.writeBigUInt64BE(BigInt(bytes.length), Number(bytes.readBigUInt64BE(40)));
  image.writeUInt32BE(high, bytes.length);
  image.writeUInt32BE(low === 'after' ? bytes.length + 4096 : low, bytes.length + 4);
  writeFileSync(at(name), image);
  return at(name);
}

const sector = (fill: number): Uint8Array => new Uint8Array(512).fill(fill);

async function refuses(text: string, sentence: RegExp): Promise<void> {
  await assert.rejects(open(text), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, sentence);
    assert.match(error.message, /^[A-Z].*[^.]\.$/s);
    return true;
  });
}

describe('the words for a disk', () => {
  test('are taken apart', () => {
    const plain = { kind: 'one', format: undefined, isReadOnly: false, isSnapshot: false };
    assert.deepEqual(parseDiskText('a,,b+c'), { ...plain, places: ['a,b+c'] });
    assert.deepEqual(parseDiskText('a,format=raw,snapshot'), {
      ...plain,
      places: ['a'],
      format: 'raw',
      isSnapshot: true,
    });
    assert.deepEqual(parseDiskText('raid1:a++b+nbd://h/x,readonly'), {
      ...plain,
      kind: 'raid1',
      places: ['a+b', 'nbd://h/x'],
      isReadOnly: true,
    });
    assert.deepEqual(parseDiskText('./raid0:a'), { ...plain, places: ['./raid0:a'] });
  });

  test('are all in the help', () => {
    for (const [option] of DISK_SYNTAX.matchAll(/(?<=\[,)[a-z=|0-9]+(?=\])/g)) {
      for (const choice of option.split('|')) {
        const text = `a,${choice === 'qcow2' ? 'format=qcow2' : choice}`;
        assert.ok(parseDiskText(text).places[0] === 'a', text);
      }
    }
    for (const word of ['format=raw|qcow2', 'readonly', 'snapshot', 'raid0:', 'raid1:', 'nbd://', 'nbd+unix://']) {
      assert.ok(DISK_SYNTAX.includes(word), word);
    }
  });

  test('are refused when they make no sense', () => {
    const cases: [string, RegExp][] = [
      ['', /names no file/],
      [',readonly', /names no file/],
      ['raid0:a', /has one member; write raid0:DISK\+DISK/],
      ['raid1:a+', /names no file in some place/],
      ['a,format=vmdk', /option 'format=vmdk' that Lodge does not know; it knows format=raw/],
      ['a,b', /option 'b'.*a comma in a name is written twice/],
      ['a,readonly,snapshot', /cannot be both readonly and snapshot/],
    ];
    for (const [text, sentence] of cases) assert.throws(() => parseDiskText(text), sentence, text);
  });
});

describe('a file', () => {
  test('is raw or an image by its content, and is written', async () => {
    const { name, backend } = await openDisk(raw('disk', 1), assert.fail);
    assert.equal(name, at('disk'));
    assert.equal(await firstByte(backend), 1);
    await backend.write(0, sector(2));
    await backend.close();
    assert.equal(readFileSync(at('disk'))[0], 2);
    const image = await open(await qcow2('image'));
    assert.equal(image.size, SIZE);
    await image.write(0, sector(3));
    await image.close();
    const again = await open(`${at('image')},readonly`);
    assert.deepEqual([again.isReadOnly, await firstByte(again)], [true, 3]);
    await assert.rejects(again.write(0, sector(1)), /read-only/);
    await again.close();
    const bytes = await open(`${at('image')},format=raw,readonly`);
    assert.equal(await firstByte(bytes), 0x51);
    await bytes.close();
  });

  test('that is missing, a folder, of another format or in use has its sentence', async () => {
    await refuses(at('absent'), /absent does not exist; check its name\.$/);
    await refuses(directory, /is a directory; name a file in it\.$/);
    writeFileSync(at('vmdk'), Buffer.from('KDMV'.padEnd(1024, '\0')));
    await refuses(at('vmdk'), /is a VMDK image, which Lodge cannot read; convert it with qemu-img/);
    writeFileSync(at('vdi'), Buffer.from('<<< Oracle VM VirtualBox Disk Image >>>\n'.padEnd(1024, '\0')));
    await refuses(at('vdi'), /is a VDI image/);
    await refuses(`${raw('plain', 1)},format=qcow2`, /plain is no qcow2 image; check its name, or give format=raw\.$/);
    await refuses(raw('odd', 1, 1000), /has 1000 bytes, which is no multiple of 512/);
    await refuses(`raid1:${at('plain')}+${at('plain')}`, /is being written by another virtual machine/);
    const disk = await open(at('plain'));
    await disk.close();
  });

  test('whose guest writes an image’s header stays raw', async () => {
    const disk = await open(raw('disk', 0));
    const header = readFileSync(await qcow2('image')).subarray(0, 512);
    await assert.rejects(disk.write(0, header), /the guest has tried to make the raw disk look like a qcow2 image/);
    await disk.write(512, header);
    await disk.close();
    const explicit = await open(`${at('disk')},format=raw`);
    await explicit.write(0, header);
    await explicit.close();
  });
});

describe('an image on a backing file', () => {
  const backing = { name: 'base', format: 'raw' };

  test('finds it beside itself, and never writes it', async () => {
    raw('base', 7);
    const top = await qcow2('top', { backing });
    const disk = await open(`${top},format=qcow2`);
    assert.equal(await firstByte(disk, SIZE - 512), 7);
    await disk.write(0, sector(8));
    await disk.close();
    assert.equal(readFileSync(at('base'))[0], 7);
  });

  test('may be one of a chain of images', async () => {
    raw('base', 7);
    await qcow2('middle', { backing });
    const top = await qcow2('top', { backing: { name: at('middle'), format: 'qcow2' } });
    const middle = await open(`${at('middle')},format=qcow2`);
    await middle.write(512, sector(9));
    await middle.close();
    const disk = await open(`${top},format=qcow2`);
    assert.deepEqual([await firstByte(disk), await firstByte(disk, 512)], [7, 9]);
    await disk.close();
  });

  test('is not opened when only its content says that it is an image', async () => {
    await refuses(
      await qcow2('top', { backing: { name: '/etc/passwd', format: 'raw' } }),
      /looks like a qcow2 image based on \/etc\/passwd, which a guest may have made up; give format=qcow2 if you trust it\.$/,
    );
    await qcow2('base', { backing: { name: '/etc/passwd', format: 'raw' } });
    await refuses(
      `${await qcow2('top', { backing: { name: 'base', format: undefined } })},format=qcow2`,
      /qemu-img rebase -u -F qcow2/,
    );
  });

  test('that is missing, itself, or nothing that Lodge reads has its sentence', async () => {
    const on = async (name: string, format: string | undefined = 'qcow2'): Promise<string> =>
      `${await qcow2('top', { backing: { name, format } })},format=qcow2`;
    await refuses(await on('gone'), /^The backing file .*gone does not exist/);
    symlinkSync('top', at('link'));
    await refuses(await on('link'), /top is based on itself, by .*link/);
    await qcow2('a', { backing: { name: 'b', format: 'qcow2' } });
    await qcow2('b', { backing: { name: 'a', format: 'qcow2' } });
    await refuses(await on('a'), /top is based on itself|a is based on itself/);
    await refuses(await on('x', 'vmdk'), /is based on an image of format vmdk/);
    await refuses(await on('json:{"driver":"nbd"}'), /looks for backing disks among files only/);
    await refuses(await on('nbd://host/x'), /looks for backing disks among files only/);
    for (let level = 0; level <= 70; level += 1) {
      await qcow2(`level${level}`, {
        clusterBits: 9,
        size: 512,
        backing: { name: `level${level + 1}`, format: 'qcow2' },
      });
    }
    await refuses(`${at('level0')},format=qcow2`, /is based on more than 64 images/);
  });
});

describe('a snapshot', () => {
  test('takes writes that vanish, without a trace', async () => {
    const disk = await open(`${raw('disk', 1)},snapshot`);
    const other = await open(`${at('disk')},snapshot`);
    assert.equal(disk.isReadOnly, false);
    await disk.write(0, sector(2));
    await disk.flush();
    assert.deepEqual([await firstByte(disk), await firstByte(other)], [2, 1]);
    assert.deepEqual(readdirSync(process.env['TMPDIR']!), []);
    await disk.close();
    await other.close();
    assert.equal(readFileSync(at('disk'))[0], 1);
  });
});

describe('several files', () => {
  test('make a striped disk', async () => {
    const { name, backend } = await openDisk(`raid0:${raw('a', 1)}+${await qcow2('b')}`, assert.fail);
    assert.equal(name, `raid0:${at('a')}+${at('b')}`);
    assert.equal(backend.size, 2 * SIZE);
    await backend.write(65_536, sector(5));
    await backend.close();
    const member = await open(at('b'));
    assert.equal(await firstByte(member), 5);
    await member.close();
  });

  test('make a mirror, which says when it goes on without one', async () => {
    await withTable('bad', 0x8000_0000, 0x200);
    const reports: string[] = [];
    const { backend } = await openDisk(`raid1:${at('bad')}+${raw('b', 1)}`, (message) => reports.push(message));
    assert.deepEqual([await firstByte(backend), await firstByte(backend)], [1, 1]);
    assert.match(
      reports.join(),
      /^The mirror goes on without .*bad, which failed \(.*bad: the image is corrupt: .*\); copy it/,
    );
    await backend.write(0, sector(5));
    await backend.close();
    assert.equal(readFileSync(at('b'))[0], 5);
  });

  test('make a mirror, which a guest’s image header does not break', async () => {
    const header = readFileSync(await qcow2('image')).subarray(0, 512);
    const disk = await open(`raid1:${raw('a', 1)}+${raw('b', 1)}`);
    await assert.rejects(disk.write(0, header), /tried to make the raw disk look like/);
    await disk.write(512, header);
    await disk.close();
    assert.equal(readFileSync(at('b'))[512], 0x51);
    const striped = await open(`raid0:${at('a')}+${at('b')}`);
    await assert.rejects(striped.write(65_536, header), /b: the guest has tried/);
    await striped.close();
  });

  test('are all given back when one cannot be had', async () => {
    await refuses(`raid1:${raw('a', 1)}+${at('absent')}`, /absent does not exist/);
    await (await open(at('a'))).close();
  });
});

test('a server that is not there has its sentence', async () => {
  await refuses(`nbd+unix:///x?socket=${at('socket')}`, /there is no such socket; start the server/);
  await refuses('nbd://127.0.0.1:1/x', /nothing listens there/);
  await refuses('nbds://host/x', /has a scheme that Lodge does not speak/);
  await refuses('nbd://host/x,format=qcow2', /cannot have format=qcow2/);
});

test('compressed clusters are decompressed by Node.js', async () => {
  const data = new Uint8Array(4096).fill(0x41);
  // The data follows the table; in the entry's high half are 38 - 12 = 26 bits of its offset.
  const path = await withTable('image', 0x4000_0000, 'after', deflateRawSync(data));
  const disk = await open(`${path},readonly`);
  const found = new Uint8Array(8192).fill(1);
  await disk.read(0, found);
  assert.deepEqual(found, Uint8Array.from([...data, ...new Uint8Array(4096)]));
  await disk.close();
});
