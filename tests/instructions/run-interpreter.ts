// Runs one instruction on the generated interpreter.

import { StateImage } from './state-image.ts';
import type { TestCell } from './test-cell.ts';

/** More than any instruction with the handler behind it needs; a repeated one counts once a pass. */
const BUDGET = 100_000;

/** @throws Error when the instruction neither went through nor faulted */
export function runInterpreter(cell: TestCell, image: StateImage): StateImage {
  cell.load(image);
  const stop = cell.vcpu.run(BUDGET);
  if (stop !== 'halt') throw new Error(`The interpreter stopped with "${stop}" instead of in an exception handler.`);
  const answer = new StateImage();
  cell.save(answer);
  cell.saveException(answer);
  cell.clear(image);
  return answer;
}
