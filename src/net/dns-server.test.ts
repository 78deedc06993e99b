import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readU16, readU32 } from './big-endian.ts';
import { address, BenchNetwork } from './bench/bench-network.ts';
import { parseUdp } from './udp.ts';

const NAME_SERVER = address('10.0.2.3');

function nameBytes(name: string): number[] {
  return [...name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]), 0];
}

function query(name: string, type = 1, id = 0x1234): Uint8Array {
  return Uint8Array.of(id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...nameBytes(name), 0, type, 0, 1);
}

interface Answer {
  /** Compressed names are a pointer to the question. */
  readonly name?: string;
  readonly address?: string;
  readonly alias?: string;
  readonly life?: number;
}

/** A server's response to a query. */
function response(asked: Uint8Array, answers: readonly Answer[]): Uint8Array {
  const records = answers.flatMap(({ name, address: value, alias, life = 300 }) => {
    const data = alias === undefined ? (value ?? '').split('.').map(Number) : nameBytes(alias);
    const owner = name === undefined ? [0xc0, 12] : nameBytes(name);
    return [...owner, 0, alias === undefined ? 1 : 5, 0, 1, 0, 0, life >> 8, life & 255, 0, data.length, ...data];
  });
  const bytes = Uint8Array.of(...asked, ...records);
  bytes.set([0x81, 0x80], 2);
  bytes[7] = answers.length;
  return bytes;
}

/** Asks by UDP; the response, or undefined when there is none. */
async function ask(bench: BenchNetwork, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const before = bench.guest.packets.length;
  bench.guest.sendUdp(NAME_SERVER, { sourcePort: 5353, destinationPort: 53, payload: bytes });
  await bench.promises();
  const packet = bench.guest.packets[before];
  if (packet === undefined) return undefined;
  const datagram = parseUdp(packet.payload, packet.source, packet.destination, false);
  assert.deepEqual([packet.source, datagram?.sourcePort, datagram?.destinationPort], [NAME_SERVER, 53, 5353]);
  return datagram?.payload;
}

const code = (message: Uint8Array | undefined): number | undefined => message && (message[3] as number) & 15;

/** Whether a connection to an address on a port is tried. */
function reaches(bench: BenchNetwork, to: string, port = 443): boolean {
  const before = bench.host.streams.length;
  bench.tcp({ remote: address(to), remotePort: port }).connect();
  bench.time.settle();
  return bench.host.streams.length > before;
}

test('queries are relayed as they are, and the answers too', async () => {
  const bench = new BenchNetwork();
  bench.host.answer = (asked) => response(asked, [{ address: '93.184.216.34' }]);
  const asked = query('example.com', 65, 0xbeef);
  const answer = await ask(bench, asked);
  assert.deepEqual(bench.host.queries, [asked]);
  assert.deepEqual(answer, bench.host.answer(asked));
});

test('by TCP, several queries on one connection, cut anywhere', async () => {
  const bench = new BenchNetwork();
  bench.host.answer = (asked) =>
    response(
      asked,
      Array.from({ length: 40 }, () => ({ address: '1.2.3.4' })),
    );
  const tcp = bench.tcp({ remote: NAME_SERVER, remotePort: 53 });
  tcp.connect();
  bench.time.settle();
  const [first, second] = [query('one.test', 1, 1), query('two.test', 1, 2)];
  const stream = Uint8Array.of(0, first.length, ...first, 0, second.length, ...second);
  tcp.write(stream.subarray(0, 20));
  bench.time.settle();
  tcp.write(stream.subarray(20));
  tcp.end();
  await bench.promises();
  const received = Uint8Array.from(tcp.received);
  const length = readU16(received, 0);
  assert.deepEqual(received.subarray(2, 2 + length), bench.host.answer(first));
  assert.deepEqual(received.subarray(4 + length), bench.host.answer(second));
  assert.equal(tcp.peerEnded, true);
  assert.equal(bench.network.usage.connections, 0);
});

test('connections to the name server are few, and one that sends no queries is reset', async () => {
  const bench = new BenchNetwork();
  const tcps = Array.from({ length: 33 }, () => bench.tcp({ remote: NAME_SERVER, remotePort: 53 }));
  for (const tcp of tcps) tcp.connect();
  bench.time.settle();
  assert.deepEqual(
    tcps.map(({ state }) => state),
    [...Array(32).fill('open'), 'reset'],
  );
  tcps[0]?.write([0xff, 0xff]);
  tcps[1]?.write([0, 3, 1, 2, 3]);
  bench.time.settle();
  assert.deepEqual([tcps[0]?.state, tcps[1]?.state, bench.network.usage.connections], ['reset', 'reset', 30]);
  const more = bench.tcp({ remote: NAME_SERVER, remotePort: 53 });
  more.connect();
  bench.time.settle();
  assert.equal(more.state, 'open');
});

test('without name servers the host answers by its own means', async () => {
  const bench = new BenchNetwork();
  bench.host.names.set('box.test', [address('192.168.7.7'), address('192.168.7.8')]);
  const found = await ask(bench, query('BOX.test'));
  assert.ok(found);
  assert.deepEqual([code(found), readU16(found, 0), readU16(found, 6)], [0, 0x1234, 2]);
  assert.equal(readU32(found, found.length - 4), address('192.168.7.8'));
  const six = await ask(bench, query('box.test', 28));
  assert.deepEqual([code(six), six && readU16(six, 6)], [0, 0], 'there, but without IPv6');
  assert.equal(code(await ask(bench, query('none.test'))), 3);
  const reverse = await ask(bench, query('7.7.168.192.in-addr.arpa', 12));
  assert.ok(reverse);
  assert.deepEqual([...reverse.subarray(-10)], nameBytes('box.test'));
  assert.equal(code(await ask(bench, query('box.test', 15))), 2, 'other types it cannot know');
});

test('what is no query has its code, or no answer', async () => {
  const bench = new BenchNetwork();
  const two = query('a.test');
  two[5] = 2;
  assert.equal(code(await ask(bench, two)), 1);
  const update = query('a.test');
  update[2] = 0x28;
  assert.equal(code(await ask(bench, update)), 4);
  assert.equal(await ask(bench, response(query('a.test'), [])), undefined);
  assert.equal(await ask(bench, Uint8Array.of(1, 2, 3)), undefined);
  const loop = Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1);
  assert.equal(code(await ask(bench, loop)), 1);
  assert.equal(bench.host.queries.length, 0);
});

test('with rules only allowed names are answered, and their addresses may be reached for a while', async () => {
  const bench = new BenchNetwork({ allow: ['example.com:443', '*.debian.org'] });
  bench.host.answer = (asked) => response(asked, [{ address: '93.184.216.34', life: 600 }]);
  assert.equal(code(await ask(bench, query('evil.test'))), 5);
  assert.equal(code(await ask(bench, query('debian.org'))), 5, 'below the name alone');
  assert.equal(code(await ask(bench, query('xdebian.org'))), 5);
  assert.equal(bench.host.queries.length, 0, 'what may not be asked does not leave');
  assert.equal(reaches(bench, '93.184.216.34'), false);
  assert.equal(code(await ask(bench, query('Example.COM'))), 0);
  assert.deepEqual([reaches(bench, '93.184.216.34'), reaches(bench, '93.184.216.34', 80)], [true, false]);
  bench.time.advance(599e9);
  assert.equal(reaches(bench, '93.184.216.34'), true);
  bench.time.advance(2e9);
  assert.equal(reaches(bench, '93.184.216.34'), false, 'its time is over');
  assert.equal(code(await ask(bench, query('deb.debian.org'))), 0);
  assert.equal(reaches(bench, '93.184.216.34', 80), true);
});

test('aliases are followed; records of other names are not learnt', async () => {
  const bench = new BenchNetwork({ allow: ['www.test'] });
  bench.host.answer = (asked) =>
    response(asked, [
      { name: 'other.test', address: '5.5.5.5' },
      { name: 'cdn.test', address: '6.6.6.6' },
      { alias: 'cdn.test' },
    ]);
  assert.equal(code(await ask(bench, query('www.test'))), 0);
  assert.deepEqual([reaches(bench, '6.6.6.6'), reaches(bench, '5.5.5.5')], [true, false]);
});

test('an allowed name does not open the host, its link or this network', async () => {
  for (const forbidden of ['127.0.0.1', '169.254.169.254', '10.0.2.2', '0.0.0.0', '224.0.0.1', '255.255.255.255']) {
    const bench = new BenchNetwork({ allow: ['rebind.test'] });
    bench.host.answer = (asked) => response(asked, [{ address: forbidden }]);
    assert.equal(code(await ask(bench, query('rebind.test'))), 5, forbidden);
    assert.equal(reaches(bench, forbidden), false, forbidden);
    assert.equal(reaches(bench, '10.0.2.2'), false, forbidden);
    bench.host.answer = () => undefined;
    bench.host.names.set('rebind.test', [address(forbidden)]);
    assert.equal(code(await ask(bench, query('rebind.test'))), 5, `${forbidden}, by the host's own means`);
  }
  const said = new BenchNetwork({ allow: ['metadata.test', '169.254.169.254:80'] });
  said.host.answer = (asked) => response(asked, [{ address: '169.254.169.254' }]);
  assert.equal(code(await ask(said, query('metadata.test'))), 0);
  assert.deepEqual([reaches(said, '169.254.169.254', 80), reaches(said, '169.254.169.254', 22)], [true, false]);
});

test('a damaged answer to an allowed name is withheld', async () => {
  const bench = new BenchNetwork({ allow: ['a.test'] });
  bench.host.answer = (asked) => response(query('b.test'), [{ address: '1.2.3.4' }]).fill(asked[0] ?? 0, 0, 1);
  assert.equal(code(await ask(bench, query('a.test'))), 2);
  assert.equal(reaches(bench, '1.2.3.4'), false);
});
