import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readU32, writeU16, writeU32 } from './big-endian.ts';
import { address } from './bench/bench-network.ts';
import { DHCP, parseOptions } from './dhcp-message.ts';
import { DhcpServer } from './dhcp-server.ts';
import type { DhcpAnswer } from './dhcp-server.ts';
import { formatIpv4 } from './ipv4-address.ts';
import { writeMac } from './mac-address.ts';

interface Message {
  readonly type: number;
  readonly mac?: number;
  readonly clientAddress?: string;
  readonly requested?: string;
  readonly server?: string;
  readonly broadcast?: boolean;
  /** More options, in the order in which they stand after the type. */
  readonly more?: readonly number[];
}

function message({
  type,
  mac = 0x52_54_00_00_00_01,
  clientAddress,
  requested,
  server,
  broadcast,
  more = [],
}: Message): Uint8Array {
  const bytes = new Uint8Array(400);
  bytes.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef]);
  writeU16(bytes, 10, broadcast === true ? 0x8000 : 0);
  writeU32(bytes, 12, address(clientAddress ?? '0.0.0.0'));
  writeMac(bytes, 28, mac);
  const options = [0x63, 0x82, 0x53, 0x63, 53, 1, type, ...more];
  const option = (number: number, value: string | undefined): void => {
    if (value !== undefined) options.push(number, 4, ...value.split('.').map(Number));
  };
  option(50, requested);
  option(54, server);
  bytes.set([...options, 255], 236);
  return bytes;
}

const facts = (answer: DhcpAnswer | undefined): readonly unknown[] => {
  assert.ok(answer);
  const options = parseOptions(answer.bytes);
  assert.equal(readU32(answer.bytes, 4), 0xdead_beef);
  return [options.get(53)?.[0], formatIpv4(readU32(answer.bytes, 16)), formatIpv4(answer.destination)];
};

test('discover, offer, request, acknowledge, with all that a guest needs', () => {
  const server = new DhcpServer({ hostName: 'guest', domainName: 'lodge.test' });
  // As systemd-networkd and iPXE ask: with a parameter list, a client identifier and a vendor class.
  const more = [
    55,
    4,
    1,
    3,
    6,
    26,
    61,
    7,
    1,
    0x52,
    0x54,
    0,
    0,
    0,
    1,
    60,
    9,
    ...Buffer.from('PXEClient'),
    57,
    2,
    5,
    0xc0,
  ];
  assert.deepEqual(facts(server.receive(message({ type: DHCP.discover, more }))), [
    DHCP.offer,
    '10.0.2.15',
    '10.0.2.15',
  ]);
  const answer = server.receive(message({ type: DHCP.request, requested: '10.0.2.15', server: '10.0.2.2', more }));
  assert.deepEqual(facts(answer), [DHCP.acknowledge, '10.0.2.15', '10.0.2.15']);
  assert.ok(answer);
  const options = parseOptions(answer.bytes);
  const shown = (number: number): string => formatIpv4(readU32(options.get(number) ?? new Uint8Array(), 0));
  assert.deepEqual([1, 3, 6, 28, 54].map(shown), ['255.255.255.0', '10.0.2.2', '10.0.2.3', '10.0.2.255', '10.0.2.2']);
  assert.deepEqual([...(options.get(26) ?? [])], [1500 >> 8, 1500 & 255]);
  assert.equal(Buffer.from(options.get(12) ?? []).toString(), 'guest');
  assert.equal(Buffer.from(options.get(15) ?? []).toString(), 'lodge.test');
  assert.equal(readU32(options.get(51) ?? new Uint8Array(), 0), 86_400);
  assert.deepEqual([...answer.bytes.subarray(0, 3)], [2, 1, 6]);
  assert.ok(answer.bytes.length >= 300, 'as BOOTP clients want it');
});

test('a renewal goes to the address, a wish for broadcast is heard', () => {
  const server = new DhcpServer({});
  server.receive(message({ type: DHCP.discover }));
  server.receive(message({ type: DHCP.request, requested: '10.0.2.15', server: '10.0.2.2' }));
  const renewal = server.receive(message({ type: DHCP.request, clientAddress: '10.0.2.15' }));
  assert.deepEqual(facts(renewal), [DHCP.acknowledge, '10.0.2.15', '10.0.2.15']);
  const discover = server.receive(message({ type: DHCP.discover, broadcast: true }));
  assert.deepEqual(facts(discover), [DHCP.offer, '10.0.2.15', '255.255.255.255']);
});

test("an address of another network or another guest is refused to everyone's hearing", () => {
  const server = new DhcpServer({});
  const other = { mac: 0x52_54_00_00_00_02 };
  server.receive(message({ type: DHCP.request, requested: '10.0.2.15' }));
  for (const requested of ['192.168.1.7', '10.0.2.2', '10.0.2.255', '10.0.2.15']) {
    const answer = server.receive(message({ type: DHCP.request, requested, ...other }));
    assert.deepEqual(facts(answer), [DHCP.refuse, '0.0.0.0', '255.255.255.255'], requested);
  }
  assert.deepEqual(facts(server.receive(message({ type: DHCP.discover, ...other }))).slice(0, 2), [
    DHCP.offer,
    '10.0.2.16',
  ]);
});

test('a request for another server is not ours', () => {
  const server = new DhcpServer({});
  assert.equal(server.receive(message({ type: DHCP.request, requested: '10.0.2.15', server: '10.0.2.9' })), undefined);
});

test('inform, release and decline', () => {
  const server = new DhcpServer({});
  const inform = server.receive(message({ type: DHCP.inform, clientAddress: '10.0.2.77' }));
  assert.deepEqual(facts(inform), [DHCP.acknowledge, '0.0.0.0', '10.0.2.77']);
  assert.ok(inform && !parseOptions(inform.bytes).has(51), 'no lease');
  server.receive(message({ type: DHCP.request, requested: '10.0.2.15' }));
  assert.equal(server.receive(message({ type: DHCP.release, clientAddress: '10.0.2.15' })), undefined);
  const other = { mac: 0x52_54_00_00_00_02 };
  assert.deepEqual(facts(server.receive(message({ type: DHCP.discover, ...other })))[1], '10.0.2.15');
  assert.equal(server.receive(message({ type: DHCP.decline, requested: '10.0.2.15', ...other })), undefined);
  assert.deepEqual(facts(server.receive(message({ type: DHCP.discover, ...other })))[1], '10.0.2.16');
});

test('more guests than addresses: the oldest lease gives way', () => {
  const server = new DhcpServer({});
  for (let mac = 1; mac <= 500; mac += 1) assert.ok(server.receive(message({ type: DHCP.discover, mac })));
});

test('what is no request is not answered', () => {
  const server = new DhcpServer({});
  assert.equal(server.receive(new Uint8Array(0)), undefined);
  assert.equal(server.receive(message({ type: 99 })), undefined);
  const reply = message({ type: DHCP.discover });
  reply[0] = 2;
  assert.equal(server.receive(reply), undefined);
  const cookie = message({ type: DHCP.discover });
  cookie[236] = 0;
  assert.equal(server.receive(cookie), undefined);
});
