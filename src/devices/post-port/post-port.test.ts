import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { createPostPort } from './post-port.ts';

test('the port keeps the code that was last written', () => {
  const board = new BenchBoard();
  const post = createPostPort(board);
  board.out8(0x80, 0xed);
  assert.deepEqual([board.in8(0x80), post.code], [0xed, 0xed]);
  const saved = JSON.parse(JSON.stringify(post.save()));
  post.reset();
  assert.equal(post.code, 0);
  post.restore(saved);
  assert.equal(post.code, 0xed);
  assert.throws(() => post.restore({ ...saved, fields: { code: 256 } }), /'post-port' is damaged at \.code/);
});
