import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StateError } from './errors.ts';
import { bool, byteQueue, bytes, deadline, f64, list, record, u16, u32, u64, u8 } from './state-field.ts';
import { defineState } from './state-schema.ts';
import type { SavedState } from './state-schema.ts';

const schema = defineState({
  name: 'example',
  version: 2,
  fields: {
    byte: u8('a byte', 7),
    word: u16('a word'),
    long: u32('a long word'),
    quad: u64('a quad word'),
    flag: bool('a flag', true),
    time: f64('a time'),
    due: deadline('a deadline'),
    memory: bytes(3, 'some memory'),
    queue: byteQueue(4, 'a queue'),
    channels: list(2, record('a channel', { level: u8('a level'), on: bool('on') })),
  },
  upgrades: { 1: ({ oldByte, ...rest }) => ({ ...rest, byte: oldByte ?? 0 }) },
});

const through = (saved: SavedState): SavedState => JSON.parse(JSON.stringify(saved));
const damaged = (change: Record<string, unknown>): SavedState => {
  const saved = schema.encode(schema.initial());
  return { ...saved, fields: { ...saved.fields, ...change } } as SavedState;
};

describe('a state schema', () => {
  test('makes a new initial state each time', () => {
    const state = schema.initial();
    assert.deepEqual([state.byte, state.flag, state.due, state.channels.length], [7, true, Infinity, 2]);
    state.channels[0]!.level = 5;
    assert.equal(schema.initial().channels[0]!.level, 0);
  });

  test('every kind of field survives JSON', () => {
    const state = schema.initial();
    Object.assign(state, {
      byte: 255,
      word: 65535,
      long: 0xffff_ffff,
      quad: 0xffff_ffff_ffff_ffffn,
      time: -1.5,
      due: 12.25,
    });
    state.memory.set([0, 128, 255]);
    state.queue.push(1, 254);
    state.channels[1] = { level: 9, on: true };
    assert.deepEqual(schema.decode(through(schema.encode(state))), state);
    assert.deepEqual(schema.decode(through(schema.encode(schema.initial()))), schema.initial());
  });

  test('refuses what does not fit, and says where', () => {
    for (const [change, message] of [
      [
        { byte: 256 },
        "The saved state of 'example' is damaged at .byte: expected an unsigned 8-bit number, found 256.",
      ],
      [{ word: -1 }, /\.word: expected an unsigned 16-bit number, found -1/],
      [{ long: 1.5 }, /\.long: /],
      [{ quad: '0x1ffffffffffffffff' }, /\.quad: expected a 64-bit hexadecimal string/],
      [{ flag: 1 }, /\.flag: expected true or false, found 1/],
      [{ time: null }, /\.time: expected a finite number, found null/],
      [{ due: 'soon' }, /\.due: /],
      [{ memory: '00ff' }, /\.memory: expected 3 bytes in hexadecimal/],
      [{ memory: '00ffzz' }, /\.memory: /],
      [{ queue: '0102030405' }, /\.queue: expected at most 4 bytes/],
      [{ channels: [] }, /\.channels: expected an array of 2/],
      [
        {
          channels: [
            { level: 0, on: true },
            { level: -1, on: true },
          ],
        },
        /\.channels\[1\]\.level: /,
      ],
      [{ byte: undefined }, /\.byte: expected an unsigned 8-bit number, found nothing/],
      [{ extra: 1 }, /unknown field 'extra'/],
    ] as const) {
      assert.throws(
        () => schema.decode(damaged(change)),
        (error: unknown) => {
          assert.ok(error instanceof StateError);
          if (typeof message === 'string') assert.equal(error.message, message);
          else assert.match(error.message, message);
          return true;
        },
      );
    }
  });

  test('takes older versions, and no newer ones or those of another device', () => {
    const { byte, ...rest } = schema.encode(schema.initial()).fields;
    const old = { name: 'example', version: 1, fields: { ...rest, oldByte: 42 } };
    assert.equal(byte, 7);
    assert.equal(schema.decode(old).byte, 42);
    assert.throws(() => schema.decode({ ...old, version: 3 }), /has version 3; this Lodge reads version 2/);
    assert.throws(() => schema.decode({ ...old, version: 0 }), /has version 0/);
    assert.throws(() => schema.decode({ ...old, name: 'other' }), /is of 'other', not of 'example'/);
  });

  test('describes its fields', () => {
    const { channels, byte } = schema.fields;
    assert.deepEqual([byte.type, byte.description, channels.type], ['u8', 'a byte', 'record[2]']);
  });
});
