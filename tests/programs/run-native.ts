// Programs on the host's processor, by way of native-programs.c.

import { NativeProgram } from '../instructions/native-runner.ts';
import { DATA_SIZE, IMAGE_SIZE, StateImage } from '../instructions/state-image.ts';
import type { Fault } from './handlers.ts';
import { AREA_SIZE, type Assembled } from './program.ts';
import type { Outcome } from './program-cell.ts';

/** Exceptions that an outcome has room for. */
export const MOST_NATIVE_FAULTS = 256;
const FAULT_SIZE = 40;
const PAGE_FAULT = 14;
const BREAKPOINT = 3;
const ALIGNMENT_CHECK = 17;

const PROGRAM_SIZE = IMAGE_SIZE + DATA_SIZE + 2 * AREA_SIZE;
const FAULTS = IMAGE_SIZE + 8;
const DATA_OFFSET = FAULTS + MOST_NATIVE_FAULTS * FAULT_SIZE;
const OUTCOME_SIZE = DATA_OFFSET + DATA_SIZE + AREA_SIZE;

const runner = new NativeProgram('tests/programs/native-programs.c');

function readOutcome(bytes: Uint8Array<ArrayBuffer>, { alternate }: Assembled): Outcome {
  const state = new StateImage(bytes.subarray(0, IMAGE_SIZE));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const faultCount = Number(view.getBigUint64(IMAGE_SIZE, true));
  const faults = Array.from({ length: Math.min(faultCount, MOST_NATIVE_FAULTS) }, (_, index): Fault => {
    const at = FAULTS + index * FAULT_SIZE;
    const field = (offset: number): bigint => view.getBigUint64(at + offset, true);
    const vector = view.getUint32(at, true);
    const address = vector === PAGE_FAULT ? field(16) : 0n;
    const error = view.getUint32(at + 4, true);
    return { vector, error, rip: field(8), address, flags: Number(field(24)), rsp: field(32) };
  });
  const code = bytes.slice(DATA_OFFSET + DATA_SIZE, OUTCOME_SIZE);
  return {
    state,
    data: bytes.slice(DATA_OFFSET, DATA_OFFSET + DATA_SIZE),
    code: [code, alternate],
    faults,
    faultCount,
    retired: -1,
    ended: state.vector === BREAKPOINT,
    board: 0,
  };
}

/** Runs programs without interventions; the outcomes come in the same order. */
export function runOnHost(programs: readonly Assembled[]): Outcome[] {
  const input = new Uint8Array(programs.length * PROGRAM_SIZE);
  programs.forEach(({ state, data, code, lengths }, index) => {
    const start = index * PROGRAM_SIZE;
    input.set(state.bytes, start);
    input.set(data, start + IMAGE_SIZE);
    input.set(code, start + IMAGE_SIZE + DATA_SIZE);
    input.set(lengths, start + IMAGE_SIZE + DATA_SIZE + AREA_SIZE);
  });
  const output = runner.run(input);
  return programs.map((program, index) =>
    readOutcome(output.slice(index * OUTCOME_SIZE, (index + 1) * OUTCOME_SIZE), program),
  );
}

/**
 * What to compare an outcome with: of an access that is neither aligned nor mapped the manuals tell of a page fault (APM 2
 * section 8.5), where processors may tell of the alignment.
 */
export function withPageFaultsFirst(native: Outcome, expected: Outcome): Outcome {
  const faults = native.faults.map((fault, index): Fault => {
    const other = expected.faults[index];
    if (fault.vector !== ALIGNMENT_CHECK || other?.vector !== PAGE_FAULT) return fault;
    return { ...fault, vector: PAGE_FAULT, error: other.error, address: other.address };
  });
  return { ...native, faults };
}
