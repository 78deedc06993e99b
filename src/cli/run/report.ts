// What the user is told of the end of a run, and the exit status.

import { UserError } from '../../base/errors.ts';
import type { Outcome } from '../../machine/outcome.ts';

/** The guest failed; Lodge did not. */
export const GUEST_FAILED = 3;
/** As of timeout(1). */
export const TIMED_OUT = 124;

const FAILURES = {
  'triple-fault': 'The guest triple-faulted: an exception came while it had no working handler for it.',
  halted: 'The guest halted with interrupts off, so nothing can wake it.',
} as const;

/** The failure to report for an outcome; undefined when there is none. */
export function guestFailure(outcome: Outcome): UserError | undefined {
  if (outcome.kind !== 'triple-fault' && outcome.kind !== 'halted') return undefined;
  return new UserError(`${FAILURES[outcome.kind]}\n${outcome.state.trimEnd()}`, { status: GUEST_FAILED });
}
