import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkFrame } from '../base/network-backend.ts';
import { readU16, readU32, writeU16, writeU32 } from './big-endian.ts';
import { pseudoHeaderSum, sumWords } from './checksum.ts';
import { parseIpv4, writeIpv4 } from './ipv4.ts';
import { isSound, resolveOffloads } from './resolve-offloads.ts';
import { parseTcp, TCP, writeTcp } from './tcp-segment.ts';

const PLAIN = { largestFrame: 1514, takesPartialChecksums: false };
const PARTIAL = { largestFrame: 1514, takesPartialChecksums: true };
const LARGE = { largestFrame: 65_550, takesPartialChecksums: true };
const [SOURCE, DESTINATION] = [0x0a00_020f, 0x0a00_0210];

const segment = { sourcePort: 1, destinationPort: 2, acknowledgement: 9, window: 100 };
const payload = Uint8Array.from({ length: 4000 }, (_, index) => index * 3);

function frame4(length: number): NetworkFrame {
  const bytes = new Uint8Array(54 + length);
  writeU16(bytes, 12, 0x0800);
  const header = { source: SOURCE, destination: DESTINATION, protocol: 6, timeToLive: 64, identification: 0xffff };
  writeIpv4(bytes, 14, { ...header, doNotFragment: true, moreFragments: false, fragmentOffset: 0 }, 20 + length);
  writeTcp(bytes, 34, { ...segment, sequence: 0xffff_ff00, flags: TCP.ack | TCP.psh | TCP.fin });
  bytes.set(payload.subarray(0, length), 54);
  writeU16(bytes, 50, pseudoHeaderSum(SOURCE, DESTINATION, 6, 20 + length));
  return { bytes, checksum: { start: 34, offset: 16 }, segmentSize: 1460 };
}

test('a segment of many is cut over IPv4: numbers, flags, lengths and checksums', () => {
  const pieces = resolveOffloads(frame4(4000), PLAIN);
  const parsed = pieces.map(({ bytes, checksum, segmentSize }) => {
    assert.deepEqual([checksum, segmentSize], [undefined, undefined]);
    const packet = parseIpv4(bytes.subarray(14));
    return packet && { packet, tcp: parseTcp(packet.payload, packet.source, packet.destination, false) };
  });
  assert.deepEqual(
    parsed.map((piece) => [
      piece?.packet.identification,
      piece?.tcp?.sequence,
      piece?.tcp?.flags,
      piece?.tcp?.payload.length,
    ]),
    [
      [0xffff, 0xffff_ff00, TCP.ack, 1460],
      [0, 0xffff_ff00 + 1460 - 2 ** 32, TCP.ack, 1460],
      [1, 0xffff_ff00 + 2920 - 2 ** 32, TCP.ack | TCP.psh | TCP.fin, 1080],
    ],
  );
  assert.deepEqual(
    parsed.flatMap((piece) => [...(piece?.tcp?.payload ?? [])]),
    [...payload],
  );
});

test('over IPv6 too', () => {
  const bytes = new Uint8Array(74 + 4000);
  writeU16(bytes, 12, 0x86dd);
  writeU32(bytes, 14, 0x6000_0000);
  bytes[20] = 6;
  for (let index = 22; index < 54; index += 1) bytes[index] = index;
  writeTcp(bytes, 54, { ...segment, sequence: 5, flags: TCP.ack });
  bytes.set(payload, 74);
  const pieces = resolveOffloads({ bytes, checksum: { start: 54, offset: 16 }, segmentSize: 1440 }, PLAIN);
  assert.deepEqual(
    pieces.map((piece) => piece.bytes.length),
    [1514, 1514, 74 + 1120],
  );
  for (const piece of pieces) {
    const length = piece.bytes.length - 54;
    assert.equal(readU16(piece.bytes, 18), length);
    assert.equal(sumWords(piece.bytes, 54, piece.bytes.length, sumWords(piece.bytes, 22, 54, length + 6)), 0xffff);
  }
  assert.deepEqual(
    pieces.map((piece) => readU32(piece.bytes, 58)),
    [5, 1445, 2885],
  );
});

test('who takes partial checksums but no large frames gets the former', () => {
  const pieces = resolveOffloads(frame4(4000), PARTIAL);
  assert.equal(pieces.length, 3);
  for (const { bytes, checksum } of pieces) {
    assert.deepEqual(checksum, { start: 34, offset: 16 });
    assert.equal(readU16(bytes, 50), pseudoHeaderSum(SOURCE, DESTINATION, 6, bytes.length - 34));
  }
});

test('what is taken as it is stays as it is; what fits is one segment', () => {
  const large = frame4(4000);
  assert.equal(resolveOffloads(large, LARGE)[0], large);
  const small = frame4(100);
  const before = small.bytes.slice();
  const [piece] = resolveOffloads(small, PLAIN);
  assert.deepEqual([piece?.checksum, piece?.segmentSize], [undefined, undefined]);
  const packet = piece && parseIpv4(piece.bytes.subarray(14));
  assert.ok(packet && parseTcp(packet.payload, SOURCE, DESTINATION, false));
  assert.deepEqual(small.bytes, before, "the frame may be someone else's too");
});

test('what cannot be cut is dropped', () => {
  const { bytes, checksum } = frame4(4000);
  const change = (offset: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    copy[offset] = value;
    return copy;
  };
  assert.deepEqual(resolveOffloads({ bytes }, PLAIN), [], 'too long');
  const options = checksum === undefined ? {} : { checksum };
  for (const damaged of [change(23, 17), change(12, 0), change(14, 0x41), change(46, 0x10), change(46, 0xf0)]) {
    const pieces = resolveOffloads({ bytes: damaged, ...options, segmentSize: 1460 }, PLAIN);
    assert.ok(pieces.every((piece) => piece.bytes.length <= 1514));
  }
  assert.deepEqual(resolveOffloads({ bytes, ...options, segmentSize: 2000 }, PLAIN), [], 'segments too long as well');
  assert.deepEqual(resolveOffloads({ bytes, ...options, segmentSize: 1 }, PLAIN), [], 'segments of a byte');
  assert.deepEqual([isSound({ bytes }), isSound({ bytes, checksum: { start: 4052, offset: 1 } })], [true, false]);
});
