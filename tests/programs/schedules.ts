// How the time of a program is sliced. Translated code begins only with a slice, and small slices leave it at every place.

import type { Random } from '../instructions/random.ts';
import type { Assembled } from './program.ts';

/** Given how many instructions were retired: how many the next slice may have. */
export type NextSlice = (retired: number) => number;
const WHOLE = 1_000_000;

/** Slices of a program that has `total` instructions in all. */
type Slices = (random: Random, total: number) => NextSlice;

export interface Schedule {
  readonly name: string;
  readonly slices: Slices;
}

/** Programs that run for long, and change themselves meanwhile, would be translated thousands of times. */
const LONG = 2000;

const whole: Schedule = { name: 'whole', slices: () => () => WHOLE };
const tiny: Schedule = { name: 'tiny slices', slices: (random) => (at) => (at < LONG ? 1 + random.below(12) : WHOLE) };
const tiniest: Schedule = {
  name: 'tiniest slices',
  slices: (random) => (at) => (at < LONG ? 1 + random.below(3) : WHOLE),
};
const medium: Schedule = {
  name: 'medium slices',
  slices: (random) => (at) => (at < 2 * LONG ? 1 + random.below(random.oneIn(2) ? 20 : 300) : WHOLE),
};
const warming: Schedule = {
  name: 'small slices, then the rest',
  slices: (random, total) => {
    const end = (Math.min(total, 2 * LONG) * random.below(100)) / 100;
    return (at) => (at < end ? 1 + random.below(60) : WHOLE);
  },
};

/** One after the other in the same cell, so that what one run found hot is translated in the next. */
const constant: readonly (readonly Schedule[])[] = [
  // Whole at first: regions are then grown when all links are known.
  [whole, whole, tiny, medium, whole],
  [warming, whole, tiny, medium, whole],
];
/** A program that changes its code begins cold in each run. */
const changing: readonly (readonly Schedule[])[] = [
  [warming, medium, warming, tiny, warming],
  [whole, warming, warming, medium, warming],
];

/** Interrupts come between slices, and end them. */
const interrupted: readonly (readonly Schedule[])[] = [
  [whole, whole, tiniest, medium, whole],
  [warming, whole, tiny, tiniest, whole],
];

export function chooseSchedules({ changesItself, hasDevice }: Assembled, index: number): readonly Schedule[] {
  const choices = changesItself ? changing : hasDevice ? interrupted : constant;
  return choices[index % choices.length]!;
}
