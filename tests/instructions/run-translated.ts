// Runs a case on the translator: once interpreted, so that its blocks are found hot and linked, then as regions.

import { StateImage } from './state-image.ts';
import type { TestCell } from './test-cell.ts';

const BUDGET = 100_000;

export interface TranslatedRun {
  readonly answer: StateImage;
  /** Regions that the case's code became; 0 when it stayed interpreted. */
  readonly regions: number;
}

function run(cell: TestCell): void {
  const stop = cell.vcpu.run(BUDGET);
  if (stop !== 'halt') throw new Error(`The translator stopped with "${stop}" instead of in an exception handler.`);
}

/**
 * @param cell one that translates after the first execution
 * @throws Error when the code neither went through nor faulted
 */
export function runTranslated(cell: TestCell, image: StateImage): TranslatedRun {
  const { translator } = cell.vcpu;
  if (!translator) throw new Error('The cell has no translator.');
  const { regions } = translator.statistics;
  cell.load(image);
  run(cell);
  const answer = runPlaced(cell, image);
  cell.clear(image);
  return { answer, regions: translator.statistics.regions - regions };
}

/** Runs a case whose code is in its place already, and translated if it was run before. */
export function runPlaced(cell: TestCell, image: StateImage): StateImage {
  cell.load(image, false);
  run(cell);
  const answer = new StateImage();
  cell.save(answer);
  cell.saveException(answer);
  return answer;
}
