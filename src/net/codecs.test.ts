// Packets of the wild and of the standards, field by field.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildArp, parseArp } from './arp.ts';
import { complement, pseudoHeaderSum, sumWords } from './checksum.ts';
import { buildEchoReply } from './icmp.ts';
import { formatIpv4, isInBlock, parseIpv4Block, parseIpv4 as parseAddress } from './ipv4-address.ts';
import { IPV4_HEADER, parseIpv4, writeIpv4 } from './ipv4.ts';
import { readMac, isGroup } from './mac-address.ts';
import { parseTcp, tcpHeaderLength, writeTcp } from './tcp-segment.ts';
import { buildUdp, parseUdp } from './udp.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const address = (text: string): number => parseAddress(text) ?? 0;

test('the checksum of RFC 1071, at even and odd places, short and long', () => {
  const bytes = hex('0001 f203 f4f5 f6f7');
  assert.equal(sumWords(bytes, 0, 8), 0xddf2);
  const long = Uint8Array.from({ length: 1001 }, (_, index) => (index * 31) & 0xff);
  let slow = 0;
  for (let index = 0; index < 1001; index += 2) slow += ((long[index] ?? 0) << 8) | (long[index + 1] ?? 0);
  while (slow > 0xffff) slow = (slow & 0xffff) + (slow >>> 16);
  assert.equal(sumWords(long, 0, 1001), slow);
  const moved = new Uint8Array(1002);
  moved.set(long, 1);
  assert.equal(sumWords(moved, 1, 1002), slow);
});

test('an IPv4 header of the wild', () => {
  // The example of Wikipedia's article on the IPv4 header checksum, with its payload length made to fit.
  const header = hex('4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7');
  const bytes = new Uint8Array(0x73);
  bytes.set(header);
  const packet = parseIpv4(bytes);
  assert.ok(packet);
  assert.deepEqual(
    [formatIpv4(packet.source), formatIpv4(packet.destination), packet.protocol, packet.timeToLive],
    ['192.168.0.1', '192.168.0.199', 17, 64],
  );
  assert.deepEqual([packet.doNotFragment, packet.moreFragments, packet.payload.length], [true, false, 0x73 - 20]);
  const written = new Uint8Array(IPV4_HEADER);
  writeIpv4(written, 0, packet, packet.payload.length);
  assert.deepEqual(written, header);
  bytes[8] = 63;
  assert.equal(parseIpv4(bytes), undefined, 'checksum');
  assert.equal(parseIpv4(header), undefined, 'shorter than it says');
});

test('an ARP request and its parts', () => {
  const frame = hex('ffffffffffff 525400123456 0806 0001 0800 06 04 0001 525400123456 0a00020f 000000000000 0a000202');
  const message = parseArp(frame);
  assert.deepEqual(message, {
    operation: 1,
    senderMac: 0x52_54_00_12_34_56,
    sender: address('10.0.2.15'),
    targetMac: 0,
    target: address('10.0.2.2'),
  });
  assert.deepEqual(message && buildArp(message), frame);
  frame[15] = 6;
  assert.equal(parseArp(frame), undefined);
});

test('an echo request of ping, and its reply', () => {
  const request = hex('0800 f7fa 0001 0004 6162');
  request.set([0, 0], 2);
  const sum = complement(sumWords(request, 0, request.length));
  request.set([sum >> 8, sum & 255], 2);
  const reply = buildEchoReply(request);
  assert.ok(reply);
  assert.equal(reply[0], 0);
  assert.deepEqual(reply.subarray(4), request.subarray(4));
  assert.equal(sumWords(reply, 0, reply.length), 0xffff);
  request[9] = 0x63;
  assert.equal(buildEchoReply(request), undefined);
});

test('UDP: a checksum of zero stands for none, and one that is zero is written as ones', () => {
  const [source, destination] = [address('10.0.2.15'), address('10.0.2.3')];
  const payload = hex('00000000');
  const plain = buildUdp({ sourcePort: 1000, destinationPort: 53, payload }, source, destination);
  assert.deepEqual(parseUdp(plain, source, destination, false)?.payload, payload);
  // Make the sum all ones, whose complement is zero.
  const rest = (plain[6] ?? 0) * 256 + (plain[7] ?? 0);
  payload.set([rest >> 8, rest & 255], 0);
  const zero = buildUdp({ sourcePort: 1000, destinationPort: 53, payload }, source, destination);
  assert.deepEqual([zero[6], zero[7]], [0xff, 0xff]);
  assert.ok(parseUdp(zero, source, destination, false));
  zero.set([0, 0], 6);
  assert.ok(parseUdp(zero, source, destination, false));
  zero.set([0, 1], 6);
  assert.equal(parseUdp(zero, source, destination, false), undefined);
  assert.ok(parseUdp(zero, source, destination, true));
});

test('TCP: options of a SYN as Linux sends it', () => {
  const [source, destination] = [address('10.0.2.15'), address('1.1.1.1')];
  const bytes = hex(
    '9c40 0050 0000 0001 0000 0000 a002 faf0 0000 0000 0204 05b4 0402 080a 0001 0203 0000 0000 0103 0307',
  );
  const segment = parseTcp(bytes, source, destination, true);
  assert.deepEqual(
    [segment?.sourcePort, segment?.destinationPort, segment?.flags, segment?.segmentSize, segment?.windowScale],
    [40_000, 80, 2, 1460, 7],
  );
  assert.equal(parseTcp(bytes, source, destination, false), undefined, 'checksum');
  bytes[21] = 1; // An option shorter than its own header ends the list.
  assert.equal(parseTcp(bytes, source, destination, true)?.segmentSize, undefined);
  bytes[12] = 0xf0;
  assert.equal(parseTcp(bytes, source, destination, true), undefined, 'a header longer than the segment');
});

test('TCP: what is written reads the same', () => {
  const [source, destination] = [1, 2];
  const segment = {
    sourcePort: 1,
    destinationPort: 2,
    sequence: 0xffff_ffff,
    acknowledgement: 3,
    flags: 0x12,
    window: 4,
  };
  const header = { ...segment, segmentSize: 1460, windowScale: 5 };
  const bytes = new Uint8Array(tcpHeaderLength(header));
  writeTcp(bytes, 0, header);
  const sum = complement(sumWords(bytes, 0, bytes.length, pseudoHeaderSum(source, destination, 6, bytes.length)));
  bytes.set([sum >> 8, sum & 255], 16);
  assert.deepEqual(parseTcp(bytes, source, destination, false), { ...header, payload: new Uint8Array(0) });
});

test('addresses and blocks', () => {
  const block = parseIpv4Block('10.1.2.3/16');
  assert.ok(block);
  assert.deepEqual([isInBlock(address('10.1.255.1'), block), isInBlock(address('10.2.0.1'), block)], [true, false]);
  const all = parseIpv4Block('0.0.0.0/0');
  assert.ok(all && isInBlock(0xffff_ffff, all));
  for (const text of ['10.1.2', '1.2.3.256', '1.2.3.4/33', '1.2.3.4/', 'a.b.c.d', '1.2.3.4/1/2']) {
    assert.equal(parseIpv4Block(text), undefined, text);
  }
  assert.deepEqual([isGroup(readMac(hex('01005e000001'), 0)), isGroup(readMac(hex('525400000001'), 0))], [true, false]);
});
