import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CpioMember } from './cpio.ts';
import { writeCpio } from './cpio.ts';

interface ReadMember {
  name: string;
  mode: number;
  major: number;
  minor: number;
  data: string;
}

// Reads by the format's description, independently of the writer.
function readCpio(archive: Uint8Array): { members: ReadMember[]; length: number } {
  const bytes = Buffer.from(archive);
  const members: ReadMember[] = [];
  for (let offset = 0; ;) {
    assert.equal(bytes.toString('latin1', offset, offset + 6), '070701');
    const field = (index: number): number => {
      const digits = bytes.toString('latin1', offset + 6 + index * 8, offset + 14 + index * 8);
      assert.match(digits, /^[0-9A-F]{8}$/);
      return Number.parseInt(digits, 16);
    };
    const nameEnd = offset + 110 + field(11);
    assert.equal(bytes[nameEnd - 1], 0, 'the name ends in NUL');
    const name = bytes.toString('utf8', offset + 110, nameEnd - 1);
    const data = Math.ceil(nameEnd / 4) * 4;
    const next = Math.ceil((data + field(6)) / 4) * 4;
    if (name === 'TRAILER!!!') return { members, length: next };
    members.push({
      name,
      mode: field(1),
      major: field(9),
      minor: field(10),
      data: bytes.toString('utf8', data, data + field(6)),
    });
    offset = next;
  }
}

const members: CpioMember[] = [
  { kind: 'directory', path: 'dev', mode: 0o711 },
  { kind: 'character-device', path: 'dev/console', major: 5, minor: 1, mode: 0o620 },
  { kind: 'file', path: 'init', data: new TextEncoder().encode('#!/bin/sh\n'), mode: 0o755 },
  { kind: 'file', path: 'naïve name', data: new Uint8Array(0) },
  { kind: 'link', path: 'bin', target: 'usr/bin' },
];

test('every kind of member is written as the newc format describes it', () => {
  const archive = writeCpio(members);
  const read = readCpio(archive);
  assert.equal(read.length, archive.length);
  assert.deepEqual(read.members, [
    { name: 'dev', mode: 0o040711, major: 0, minor: 0, data: '' },
    { name: 'dev/console', mode: 0o020620, major: 5, minor: 1, data: '' },
    { name: 'init', mode: 0o100755, major: 0, minor: 0, data: '#!/bin/sh\n' },
    { name: 'naïve name', mode: 0o100644, major: 0, minor: 0, data: '' },
    { name: 'bin', mode: 0o120777, major: 0, minor: 0, data: 'usr/bin' },
  ]);
});

test('an archive may follow an archive, and the same members give the same bytes', () => {
  const archive = writeCpio(members);
  assert.equal(archive.length % 4, 0);
  assert.deepEqual(writeCpio(members), archive);
});
