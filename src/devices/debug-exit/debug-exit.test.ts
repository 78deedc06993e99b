import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { createDebugExit } from './debug-exit.ts';

test('a write of v asks for the exit status (v << 1) | 1', () => {
  const board = new BenchBoard();
  const device = createDebugExit(board);
  board.out8(0xf4, 0);
  board.ports.write(0xf4, 4, 0x10);
  board.ports.write(0xf4, 2, 0xffff);
  assert.deepEqual(board.powerRequests, ['exit 1', 'exit 33', 'exit 255']);
  assert.equal(board.in8(0xf4), 0);
  device.restore(device.save());
  device.dispose();
  board.out8(0xf4, 5);
  assert.equal(board.powerRequests.length, 3);
});
