// What a guest that runs its programs again and again tells of its rounds, and whether the monitor's memory stayed as it is.

import { median } from './statistics.ts';

/** Growth from one third of the run to the next that still counts as flat. */
const BOUND = 0.05;
/** One in each third. */
const FEWEST_ROUNDS = 3;

/** The memory of the monitor at one time. */
export interface MemorySample {
  /** Processor time of the guest's thread. */
  readonly minute: number;
  /** Rounds that were done by then. */
  readonly rounds: number;
  readonly mebibytes: number;
}

/** Reads the lines of the guest's init (guest-init.sh). */
export class Rounds {
  /** Whole rounds. */
  done = 0;
  /** The program that runs. */
  row = '';
  /** Programs that failed, or gave another result than in the first round. */
  readonly failures: string[] = [];
  readonly #checksums = new Map<string, string>();

  note(line: string): void {
    const [word, name = '', status] = line.split(' ');
    if (word === '@begin') this.row = name;
    else if (word === '@again') this.done++;
    else if (word === '@end' && status !== '0') this.fail(`${name}: status ${status}`);
    else if (word === '@checksum') {
      const expected = this.#checksums.get(this.row);
      if (expected === undefined) this.#checksums.set(this.row, line);
      else if (line !== expected) this.fail(`${this.row}: another result than before`);
    }
  }

  fail(what: string): void {
    this.failures.push(`round ${this.done + 1}: ${what}`);
  }
}

export type Judgement =
  | { readonly verdict: 'failed' | 'too short' }
  /** With the resident memory in MiB in the second third of the rounds, and in the last. */
  | { readonly verdict: 'flat' | 'grows'; readonly first: number; readonly last: number };

/**
 * Judges a run. Its first third does not count: memory is taken until as many modules live as may, and until the host's
 * allocator, which gives hardly anything back, has seen the most that is ever in use at a time. What leaks would go on
 * after that. Rounds are compared as wholes, since their programs differ in what they need.
 */
export function judge(
  { done, failures }: Pick<Rounds, 'done' | 'failures'>,
  samples: readonly MemorySample[],
): Judgement {
  if (failures.length > 0) return { verdict: 'failed' };
  const [middle, end] = [Math.floor(done / 3), Math.floor((done * 2) / 3)];
  const inRounds = (from: number, to: number): number[] =>
    samples.filter(({ rounds }) => rounds >= from && rounds < to).map(({ mebibytes }) => mebibytes);
  const [second, third] = [inRounds(middle, end), inRounds(end, done)];
  if (done < FEWEST_ROUNDS || second.length === 0 || third.length === 0) return { verdict: 'too short' };
  const [first, last] = [median(second), median(third)];
  return { verdict: last <= first * (1 + BOUND) ? 'flat' : 'grows', first, last };
}

export function describeRun(judgement: Judgement, { done, failures }: Pick<Rounds, 'done' | 'failures'>): string {
  const rounds = `${judgement.verdict} after ${done} whole rounds`;
  if ('first' in judgement) {
    const { first, last } = judgement;
    return `${rounds}: ${first.toFixed(0)} MiB in the second third, ${last.toFixed(0)} MiB in the last\n`;
  }
  if (judgement.verdict === 'too short') return `${rounds}: it takes ${FEWEST_ROUNDS} to judge\n`;
  return `${rounds}\n${failures.map((failure) => `  ${failure}\n`).join('')}`;
}
