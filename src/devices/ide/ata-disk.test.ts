import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BenchHost, BenchMedium, NAMES } from './bench-host.ts';
import { REGISTER } from './ide-registers.ts';

const SECTORS = 20_000;
const READY = 0x50;
const REQUEST = 0x58;
const FAILED = 0x51;

let medium: BenchMedium;
let host: BenchHost;

const disk = (backend: BenchMedium) => ({ kind: 'disk', backend, names: NAMES }) as const;
const sectors = (first: number, count: number): Uint8Array =>
  Uint8Array.from(Array.from({ length: count }, (_, index) => [...medium.sector(first + index)]).flat());
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 7) ^ (at >> 8));

beforeEach(() => {
  medium = new BenchMedium(SECTORS * 512);
  host = new BenchHost(disk(medium));
});

async function identify(): Promise<Uint16Array> {
  assert.equal(await host.command(0xec), REQUEST);
  return new Uint16Array(host.readData(512).buffer);
}

describe('finding drives', () => {
  test('after a reset the registers hold the signature of a disk', () => {
    host.control(0x04);
    assert.equal(host.alternateStatus, 0x80);
    host.control(0x00);
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7].map((register) => host.in(register)),
      [1, 1, 1, 0, 0, 0xa0, READY],
    );
  });

  test('registers keep what is written, and a drive that is not there reads as zero', () => {
    host.out(REGISTER.count, 0x55);
    host.out(REGISTER.low, 0xaa);
    assert.deepEqual([host.in(REGISTER.count), host.in(REGISTER.low)], [0x55, 0xaa]);
    host.out(REGISTER.device, 0xb0);
    assert.deepEqual(
      [2, 3, 7].map((register) => host.in(register)),
      [0, 0, 0],
    );
    host.out(REGISTER.status, 0xec);
    assert.equal(host.in(REGISTER.status), 0);
    host.port = 0x170;
    host.out(REGISTER.device, 0xa0);
    host.out(REGISTER.count, 0x55);
    assert.deepEqual(
      [2, 7].map((register) => host.in(register)),
      [0, 0],
    );
  });

  test('diagnosing is a command for both drives, and the first one answers', async () => {
    const second = new BenchMedium(512);
    host = new BenchHost(disk(medium), disk(second));
    host.device = 0xf0;
    assert.equal(await host.command(0x90), READY);
    assert.equal(host.in(REGISTER.device), 0xa0, 'the first one is selected');
    assert.equal(host.in(REGISTER.error), 1);
    assert.ok(host.line);
  });

  test('each drive answers when it is selected', async () => {
    const second = new BenchMedium(1000 * 512);
    host = new BenchHost(disk(medium), disk(second));
    assert.equal((await identify())[60], SECTORS);
    host.device = 0xf0;
    assert.equal((await identify())[60], 1000);
  });
});

test('a disk tells what it is', async () => {
  const words = await identify();
  const text = (at: number, length: number): string =>
    Array.from({ length: length / 2 }, (_, index) => words[at + index] ?? 0)
      .map((word) => String.fromCharCode(word >> 8, word & 0xff))
      .join('')
      .trim();
  assert.deepEqual([text(10, 20), text(23, 8), text(27, 40)], ['B-1', '1.0', 'Bench drive']);
  assert.equal(words[0]! & 0x8000, 0);
  assert.deepEqual([words[1], words[3], words[6]], [Math.floor(SECTORS / 1008), 16, 63]);
  assert.equal(words[60]! | (words[61]! << 16), SECTORS);
  assert.equal(words[100]! | (words[101]! << 16), SECTORS);
  assert.equal(words[83]! & 0xc400, 0x4400, 'valid, 48-bit');
  assert.equal(words[49]! & 0x0300, 0x0300, 'LBA, DMA');
  assert.equal(words[88], 0x203f, 'UDMA 5 is set');
  const bytes = new Uint8Array(words.buffer);
  assert.equal(bytes.reduce((sum, byte) => sum + byte, 0) & 0xff, 0);
  assert.equal(host.in(REGISTER.status), READY);
});

test('reading by the data register asks for an interrupt before each sector, and the medium once', async () => {
  assert.equal(await host.command(0x20, { sector: 300, count: 3 }), REQUEST);
  for (let sector = 300; sector < 303; sector++) {
    assert.ok(host.line);
    assert.equal(host.alternateStatus, REQUEST);
    assert.ok(host.line, 'the alternate status does not acknowledge');
    assert.equal(host.in(REGISTER.status), REQUEST);
    assert.ok(!host.line);
    assert.deepEqual(host.readData(512), medium.sector(sector));
  }
  assert.equal(host.in(REGISTER.status), READY);
  assert.ok(!host.line);
  assert.deepEqual(medium.requests, [`read ${300 * 512}+${3 * 512}`]);
});

test('a busy drive takes neither commands nor registers', async () => {
  const done = host.command(0x20, { sector: 5, count: 1 });
  assert.equal(host.alternateStatus & 0x80, 0x80);
  host.out(REGISTER.low, 77);
  host.out(REGISTER.status, 0xec);
  assert.equal(await done, REQUEST);
  assert.deepEqual(host.readData(512), medium.sector(5));
  assert.equal(host.in(REGISTER.low), 5);
});

test('the data register is 8, 16 and 32 bits wide', async () => {
  await host.command(0x20, { sector: 9, count: 1 });
  const view = new DataView(medium.sector(9).buffer);
  assert.equal(host.board.ports.read(0x1f0, 4), view.getUint32(0, true));
  assert.equal(host.board.ports.read(0x1f0, 2), view.getUint16(4, true));
  assert.equal(host.board.ports.read(0x1f0, 1), view.getUint8(6));
});

test('256 sectors are what a count of zero means, and more than is read at once', async () => {
  assert.equal(await host.command(0x20, { sector: 1, count: 0 }), REQUEST);
  assert.deepEqual(host.readData(256 * 512), sectors(1, 256));
  assert.equal(await host.extendedCommand(0x24, 7, 600), REQUEST);
  for (let done = 0; done < 600; done += 200) {
    // Where a chunk ends the drive is busy for a while.
    for (let sector = done; sector < done + 200; sector++) {
      await host.settle();
      assert.deepEqual(host.readData(512), medium.sector(7 + sector));
    }
  }
  assert.equal(host.in(REGISTER.status), READY);
});

test('writing by the data register asks for an interrupt after each sector', async () => {
  const data = pattern(3 * 512);
  assert.equal(await host.command(0x30, { sector: 40, count: 3 }), REQUEST);
  assert.ok(!host.line, 'the first sector is awaited at once');
  for (let at = 0; at < data.length; at += 512) {
    host.writeData(data.subarray(at, at + 512));
    await host.settle();
    assert.ok(host.line);
    assert.equal(host.in(REGISTER.status), at + 512 < data.length ? REQUEST : READY);
  }
  assert.deepEqual(sectors(40, 3), data);
  assert.deepEqual(medium.requests, [`write ${40 * 512}+${3 * 512}`]);
  assert.equal(await host.command(0xe7), READY);
  assert.equal(medium.requests.at(-1), 'flush');
  assert.equal(await host.extendedCommand(0xea, 0, 0), READY);
});

test('READ and WRITE MULTIPLE move blocks of several sectors', async () => {
  assert.equal(await host.command(0xc4, { sector: 0, count: 4 }), FAILED, 'not before SET MULTIPLE');
  assert.equal(await host.command(0xc6, { count: 3 }), FAILED);
  assert.equal(await host.command(0xc6, { count: 32 }), FAILED);
  assert.equal(await host.command(0xc6, { count: 4 }), READY);
  assert.equal((await identify())[59], 0x0104);
  await host.command(0xc4, { sector: 10, count: 6 });
  let interrupts = 0;
  for (let sector = 10; sector < 16; sector++) {
    if (host.line) interrupts++;
    host.in(REGISTER.status);
    assert.deepEqual(host.readData(512), medium.sector(sector));
  }
  assert.equal(interrupts, 2);
  const data = pattern(6 * 512);
  await host.extendedCommand(0x39, 100, 6);
  host.writeData(data);
  await host.settle();
  assert.deepEqual(sectors(100, 6), data);
});

test('sectors beyond 128 GiB have 48-bit numbers', async () => {
  medium = new BenchMedium(2 ** 38);
  host = new BenchHost(disk(medium));
  const words = await identify();
  assert.deepEqual([...words.subarray(60, 62)], [0xffff, 0x0fff]);
  assert.deepEqual([...words.subarray(100, 104)], [0, 0x2000, 0, 0]);
  const last = 2 ** 29 - 1;
  assert.equal(await host.extendedCommand(0x24, last, 1), REQUEST);
  assert.deepEqual(host.readData(512), medium.sector(last));
  assert.equal(await host.extendedCommand(0x24, last, 2), FAILED);
  assert.equal(host.in(REGISTER.error), 0x10);
  assert.equal(await host.extendedCommand(0x27, 0, 0), READY);
  const low = [3, 4, 5].map((register) => host.in(register));
  host.control(0x80);
  const high = [3, 4, 5].map((register) => host.in(register));
  assert.deepEqual([...low, ...high], [0xff, 0xff, 0xff, 0x1f, 0, 0]);
  host.out(REGISTER.count, 0);
  assert.equal(host.in(REGISTER.low), 0xff, 'a write shows the later ones again');
});

test('cylinders, heads and sectors', async () => {
  host.device = 0xa0;
  const at = (cylinder: number, head: number, sector: number, count = 1): Promise<number> =>
    host.command(0x20, { sector: (head << 24) | (cylinder << 8) | sector, count });
  assert.equal(await at(2, 3, 4), REQUEST);
  assert.deepEqual(host.readData(512), medium.sector((2 * 16 + 3) * 63 + 3));
  assert.equal(await at(0, 0, 0), FAILED);
  assert.equal(host.in(REGISTER.error), 0x10);
  assert.equal(await at(0, 0, 64), FAILED);
  host.device = 0xa3;
  assert.equal(await host.command(0x91, { count: 17 }), READY);
  host.device = 0xa0;
  assert.equal(await at(2, 3, 17), REQUEST);
  assert.deepEqual(host.readData(512), medium.sector((2 * 4 + 3) * 17 + 16));
  assert.equal(await at(2, 4, 1), FAILED);
  assert.deepEqual([...(await identify()).subarray(54, 57)], [Math.min(16383, Math.floor(SECTORS / 68)), 4, 17]);
});

describe('the bus master', () => {
  const memory = (address: number, length: number): Uint8Array => host.board.memory.readBytes(address as never, length);

  test('reads into the regions of its table, whether it is started before the command or after', async () => {
    host.setTable(0x1000, [
      [0x8000, 512],
      [0x2_0000, 1024],
      [0x9000, 512],
    ]);
    const check = (): void => {
      const data = sectors(50, 4);
      assert.deepEqual(memory(0x8000, 512), data.slice(0, 512));
      assert.deepEqual(memory(0x2_0000, 1024), data.slice(512, 1536));
      assert.deepEqual(memory(0x9000, 512), data.slice(1536));
      assert.equal(host.masterStatus & 7, 4);
      assert.ok(host.line);
      assert.equal(host.in(REGISTER.status), READY);
      assert.ok(!host.line);
      host.masterStatus = 4;
      assert.equal(host.masterStatus & 7, 0);
    };
    assert.equal((await host.command(0xc8, { sector: 50, count: 4 })) & 0x80, 0x80);
    host.master(9);
    assert.equal(host.masterStatus & 1, 1);
    await host.settle();
    check();
    host.master(0);
    host.board.memory.writeBytes(0x8000 as never, new Uint8Array(512));
    host.master(9);
    await host.command(0xc8, { sector: 50, count: 4 });
    check();
  });

  test('writes from guest memory', async () => {
    const data = pattern(1024);
    host.board.memory.writeBytes(0x8100 as never, data);
    host.setTable(0x1000, [[0x8100, 1024]]);
    const command = host.command(0xca, { sector: 7, count: 2 });
    host.master(1);
    await command;
    await host.settle();
    assert.equal(host.masterStatus & 7, 4);
    assert.deepEqual(sectors(7, 2), data);
    assert.equal(host.in(REGISTER.status), READY);
  });

  test('a region of 64 KiB, many pieces, and the second channel', async () => {
    host = new BenchHost(undefined, undefined, disk(medium));
    host.port = 0x170;
    host.setTable(
      0x1000,
      Array.from({ length: 12 }, (_, index) => [0x1_0000 + index * 0x1_0000, 0x1_0000] as const),
    );
    host.masterStatus = 0x60;
    host.master(9);
    await host.extendedCommand(0x25, 0, 1536);
    await host.settle();
    assert.deepEqual(memory(0x1_0000, 12 * 0x1_0000), sectors(0, 1536));
    assert.equal(host.masterStatus, 0x64);
    assert.equal(host.controller.busMaster.read(4, 4), 0);
    assert.equal(host.controller.busMaster.read(12, 4), 0x1000);
    assert.ok(host.line);
  });

  test('a table that is too short ends the command without an interrupt; one too long leaves it active', async () => {
    for (const length of [512, 700]) {
      host.setTable(0x1000, [[0x8000, length]]);
      host.master(9);
      assert.equal(await host.command(0xc8, { sector: 1, count: 3 }), READY);
      assert.equal(host.masterStatus & 7, 0);
      assert.ok(!host.line);
      host.master(0);
    }
    host.setTable(0x1000, [[0x8000, 4096]]);
    host.master(9);
    await host.command(0xc8, { sector: 1, count: 3 });
    assert.equal(host.masterStatus & 7, 5);
    assert.ok(host.line);
    host.master(0);
    assert.equal(host.masterStatus & 7, 4);
  });

  test('a table that ends where a piece does is too short, too', async () => {
    host.setTable(
      0x1000,
      Array.from({ length: 4 }, (_, index) => [0x1_0000 + index * 0x1_0000, 0x1_0000] as const),
    );
    host.master(9);
    await host.extendedCommand(0x25, 0, 1024);
    await host.settle();
    assert.equal(host.alternateStatus, READY);
    assert.ok(!host.line);
  });

  test('stopped on the way, it begins anew when it is started', async () => {
    host.setTable(0x1000, [[0x8000, 1024]]);
    host.master(9);
    const reading = host.command(0xc8, { sector: 3, count: 2 });
    host.master(0);
    assert.equal((await reading) & 0x80, 0x80);
    assert.deepEqual(memory(0x8000, 1024), new Uint8Array(1024));
    host.master(9);
    await host.settle();
    assert.deepEqual(memory(0x8000, 1024), sectors(3, 2));
  });
});

test('what fails is said in the error register', async () => {
  assert.equal(await host.command(0x20, { sector: SECTORS - 1, count: 2 }), FAILED);
  assert.equal(host.in(REGISTER.error), 0x10);
  assert.equal(await host.command(0x40, { sector: SECTORS - 2, count: 2 }), READY);
  assert.equal(await host.command(0x40, { sector: SECTORS - 1, count: 2 }), FAILED);
  for (const command of [0x00, 0x08, 0xa0, 0xa1, 0xb0, 0xf1, 0xf9, 0x06, 0xfc]) {
    assert.equal(await host.command(command), FAILED, `command ${command}`);
    assert.equal(host.in(REGISTER.error), 0x04);
    assert.ok(host.line);
  }
  medium.isBroken = true;
  assert.equal(await host.command(0x20, { sector: 0, count: 1 }), FAILED);
  assert.equal(host.in(REGISTER.error), 0x40);
  assert.equal(await host.command(0xe7), FAILED);
  host = new BenchHost(disk(new BenchMedium(5120, true)));
  assert.equal(await host.command(0x30, { sector: 0, count: 1 }), FAILED);
  assert.equal(host.in(REGISTER.error), 0x04);
});

test('interrupts can be held back, and a reset ends whatever is under way', async () => {
  host.control(0x02);
  await host.command(0x20, { sector: 0, count: 1 });
  assert.ok(!host.line);
  host.control(0x00);
  assert.ok(host.line);
  const reading = host.command(0x20, { sector: 0, count: 1 });
  host.control(0x04);
  host.control(0x00);
  await reading;
  assert.equal(host.in(REGISTER.status), READY);
  assert.ok(!host.line);
  assert.deepEqual(host.readData(2), new Uint8Array(2));
});

test('features, power and the write cache', async () => {
  assert.equal(await host.command(0xef, { features: 0x03, count: 0x22 }), READY);
  const words = await identify();
  assert.deepEqual([words[63], words[88]], [0x0407, 0x003f]);
  assert.equal(await host.command(0xef, { features: 0x03, count: 0x46 }), FAILED);
  assert.equal(await host.command(0xef, { features: 0x42 }), FAILED);
  assert.equal(await host.command(0xe5), READY);
  assert.equal(host.in(REGISTER.count), 0xff);
  await host.command(0xe0);
  await host.command(0x98);
  assert.equal(host.in(REGISTER.count), 0x00);
  await host.command(0xe1);
  await host.command(0xe5);
  assert.equal(host.in(REGISTER.count), 0xff);
  const write = async (): Promise<string[]> => {
    medium.requests.length = 0;
    await host.command(0x30, { sector: 0, count: 1 });
    host.writeData(pattern(512));
    await host.settle();
    return [...medium.requests];
  };
  assert.deepEqual(await write(), ['write 0+512']);
  assert.equal(await host.command(0xef, { features: 0x82 }), READY);
  assert.equal((await identify())[85]! & 0x20, 0);
  assert.deepEqual(await write(), ['write 0+512', 'flush']);
  await host.command(0xef, { features: 0x02 });
  await host.extendedCommand(0xce, 0, 1);
  assert.equal(host.in(REGISTER.status), FAILED, 'no multiple is set');
  await host.command(0xc6, { count: 1 });
  medium.requests.length = 0;
  await host.extendedCommand(0xce, 0, 1);
  host.writeData(pattern(512));
  await host.settle();
  assert.deepEqual(medium.requests, ['write 0+512', 'flush']);
});

test('a saved drive goes on where it was', async () => {
  await host.command(0x20, { sector: 60, count: 3 });
  host.readData(700);
  const saved = JSON.parse(JSON.stringify(host.controller.save()));
  const other = new BenchHost(disk(medium));
  other.controller.restore(saved);
  const rest = [...other.readData(512 * 3 - 700)];
  assert.deepEqual(rest, [...sectors(60, 3).subarray(700)]);
  assert.equal(other.in(REGISTER.status), READY);

  host.readData(512 * 3 - 700);
  await host.command(0xc8, { sector: 60, count: 3 });
  const waiting = JSON.parse(JSON.stringify(host.controller.save()));
  other.controller.restore(waiting);
  other.setTable(0x1000, [[0x8000, 1536]]);
  other.master(9);
  await other.settle();
  assert.deepEqual(other.board.memory.readBytes(0x8000 as never, 1536), sectors(60, 3));

  // What was under way when it was saved has failed.
  host.controller.reset();
  const reading = host.command(0x20, { sector: 60, count: 3 });
  other.controller.restore(JSON.parse(JSON.stringify(host.controller.save())));
  assert.equal(other.in(REGISTER.status), FAILED);
  await reading;
  assert.throws(() => other.controller.restore({ ...saved, fields: {} }), { name: 'StateError' });
});
