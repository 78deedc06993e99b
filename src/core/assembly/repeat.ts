// Many repetitions of REP MOVS and REP STOS at once, where addresses are formed without segment checks (64-bit mode, or
// flat 32-bit segments). Each repetition still counts as an instruction.

import { BUDGET, GPR, MODE, MODE_STEP, RECORD_SEGMENT_BASE, RFLAGS, SEGMENT_ES } from '../layout';
import { bulkFill, bulkMove } from './bulk';
import { inLong64 } from './mode';

const RCX = GPR + 8;
const RSI = GPR + 48;
const RDI = GPR + 56;
const FLAG_DF: u32 = 0x400;
/** 32-bit index registers wrap at 4 GiB: a page below that is left to the ordinary way. */
const LAST_FLAT: u64 = 0xfffff000;

// @ts-ignore: decorator
@inline
function register(address: i32, long: bool): i64 {
  return long ? load<i64>(address) : <i64>load<u32>(address);
}

/** Repetitions that may be done at once: what rCX and the budget allow; 0 when the ordinary way has to do the next. */
// @ts-ignore: decorator
@inline
function repetitions(long: bool): i64 {
  if ((load<u32>(RFLAGS) & FLAG_DF) != 0 || (load<u32>(MODE) & MODE_STEP) != 0) return 0;
  const budget = <i64>load<i32>(BUDGET);
  const count = register(RCX, long);
  return <u64>count < <u64>budget ? count : budget;
}

function step(address: i32, by: i64, long: bool): void {
  const value = register(address, long) + by;
  store<i64>(address, long ? value : value & 0xffffffff);
}

function counted(elements: i32, long: bool): void {
  step(RCX, -(<i64>elements), long);
  store<i32>(BUDGET, load<i32>(BUDGET) - elements);
}

/**
 * Does some repetitions of the REP MOVS of 2^`shift` bytes whose record is at `ip`, and advances rSI, rDI, rCX and the budget.
 * Returns 0 when it did none.
 */
export function repeatMove(ip: i32, shift: i32): i32 {
  const long = inLong64();
  const most = repetitions(long);
  if (most <= 0) return 0;
  const source = register(RSI, long);
  const destination = register(RDI, long);
  if (!long && (<u64>source >= LAST_FLAT || <u64>destination >= LAST_FLAT)) return 0;
  const base = load<i64>(<i32>load<u16>(ip + RECORD_SEGMENT_BASE));
  let from = source + base;
  let to = destination;
  if (!long) {
    from &= 0xffffffff;
    to = (to + load<i64>(SEGMENT_ES)) & 0xffffffff;
  }
  const elements = bulkMove(from, to, most, shift);
  if (elements == 0) return 0;
  const bytes = (<i64>elements) << (<i64>shift);
  step(RSI, bytes, long);
  step(RDI, bytes, long);
  counted(elements, long);
  return 1;
}

/** The same for REP STOS. */
export function repeatFill(ip: i32, shift: i32): i32 {
  const long = inLong64();
  const most = repetitions(long);
  if (most <= 0) return 0;
  const destination = register(RDI, long);
  if (!long && <u64>destination >= LAST_FLAT) return 0;
  const to = long ? destination : (destination + load<i64>(SEGMENT_ES)) & 0xffffffff;
  const elements = bulkFill(to, most, shift);
  if (elements == 0) return 0;
  step(RDI, (<i64>elements) << (<i64>shift), long);
  counted(elements, long);
  return 1;
}
