import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EscapeKeys } from './escape-keys.ts';

function type(...chunks: string[]): { forGuest: string; requests: string[] } {
  const requests: string[] = [];
  const keys = new EscapeKeys((request) => requests.push(request));
  const forGuest = chunks.map((chunk) => Buffer.from(keys.filter(Buffer.from(chunk))).toString()).join('');
  return { forGuest, requests };
}

test('what is typed goes to the guest, Ctrl-C and UTF-8 too', () => {
  assert.deepEqual(type('ls\r\x03ä€'), { forGuest: 'ls\r\x03ä€', requests: [] });
});

test('Ctrl-A and a key asks the monitor, whatever the case and however the keys arrive', () => {
  assert.deepEqual(type('a\x01xb'), { forGuest: 'ab', requests: ['end'] });
  assert.deepEqual(type('\x01', 'X'), { forGuest: '', requests: ['end'] });
  assert.deepEqual(type('\x01h\x01?\x01b'), { forGuest: '', requests: ['help', 'help', 'break'] });
});

test('Ctrl-A Ctrl-A sends one Ctrl-A, and before another key both are sent', () => {
  assert.deepEqual(type('\x01\x01x'), { forGuest: '\x01x', requests: [] });
  assert.deepEqual(type('\x01', '\x01'), { forGuest: '\x01', requests: [] });
  assert.deepEqual(type('\x01ls'), { forGuest: '\x01ls', requests: [] });
});
