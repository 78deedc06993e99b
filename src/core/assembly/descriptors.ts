// Segment and system descriptors: finding them in the GDT or LDT, taking them apart, and filling the cached half of a
// segment register. SDM volume 3A sections 3.4.5 and 3.5; APM volume 2 sections 4.7 and 4.8.

import {
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_GDTR,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
} from '../layout.ts';
import { readSystem64, readSystem32, writeSystem32 } from './access.ts';
import { raise } from './exceptions.ts';
import { inLongMode } from './mode.ts';

/** Set in cached attributes of a null or otherwise unusable segment. */
export const ATTRIBUTE_UNUSABLE: u32 = 0x1;
export const ATTRIBUTE_ACCESSED: u32 = 0x100;
/** Data segments: writable. Code segments: readable. */
export const ATTRIBUTE_WRITABLE: u32 = 0x200;
/** Data segments: expand-down. Code segments: conforming. */
export const ATTRIBUTE_CONFORMING: u32 = 0x400;
export const ATTRIBUTE_CODE: u32 = 0x800;
/** Code or data, not a system segment. */
export const ATTRIBUTE_S: u32 = 0x1000;
export const ATTRIBUTE_PRESENT: u32 = 0x8000;
export const ATTRIBUTE_LONG: u32 = 0x200000;
export const ATTRIBUTE_BIG: u32 = 0x400000;
export const ATTRIBUTE_GRANULARITY: u32 = 0x800000;

// Types of system descriptors (bits 8-11 of the high dword).
export const TYPE_TSS_16: u32 = 1;
export const TYPE_LDT: u32 = 2;
export const TYPE_CALL_GATE_16: u32 = 4;
export const TYPE_TASK_GATE: u32 = 5;
export const TYPE_INTERRUPT_GATE_16: u32 = 6;
export const TYPE_TRAP_GATE_16: u32 = 7;
export const TYPE_TSS_32: u32 = 9;
/** Set in the type of a TSS that is in use. */
export const TYPE_BUSY: u32 = 2;
export const TYPE_CALL_GATE_32: u32 = 12;
export const TYPE_INTERRUPT_GATE_32: u32 = 14;
export const TYPE_TRAP_GATE_32: u32 = 15;

// 1 while something other than the running program (hardware exception, external interrupt) causes the transfer under
// way: the EXT bit of selector error codes (SDM volume 3A section 6.13).
let externalBit: i32 = 0;

/** Sets the EXT bit of the error codes that follow. */
export function setExternal(external: i32): void {
  externalBit = external;
}

/** The error code that names `selector`, with the EXT bit in force. */
export function selectorError(selector: i32): i32 {
  return (selector & 0xfffc) | externalBit;
}

/** Raises `vector` with an error code that names `selector` (0: none). Does not return. */
export function raiseSelector(vector: i32, selector: i32): void {
  raise(vector, selectorError(selector));
}

export function descriptorBase(descriptor: u64): i64 {
  return <i64>(((descriptor >> 16) & 0xffffff) | ((descriptor >> 32) & 0xff000000));
}

/** The limit in bytes, scaled by G. */
export function descriptorLimit(descriptor: u64): u32 {
  const limit = <u32>(descriptor & 0xffff) | (<u32>(descriptor >> 32) & 0xf0000);
  return descriptor & ((<u64>ATTRIBUTE_GRANULARITY) << 32) ? (limit << 12) | 0xfff : limit;
}

export function descriptorAttributes(descriptor: u64): u32 {
  return <u32>(descriptor >> 32) & 0xf0ff00;
}

/** Descriptor privilege level, 0…3. */
export function attributesDpl(attributes: u32): u32 {
  return (attributes >> 13) & 3;
}

/** Type of a system descriptor with the given attributes, -1 when it is a code or data segment. */
export function systemType(attributes: u32): i32 {
  return attributes & ATTRIBUTE_S ? -1 : <i32>((attributes >> 8) & 15);
}

/** True for a present-or-not writable data segment. */
export function isWritableData(attributes: u32): bool {
  return (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_WRITABLE)) == (ATTRIBUTE_S | ATTRIBUTE_WRITABLE);
}

/** True for a code segment, present or not. */
export function isCode(attributes: u32): bool {
  return (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE)) == (ATTRIBUTE_S | ATTRIBUTE_CODE);
}

/** True for a null selector: index 0 of the GDT, whatever its RPL. */
export function isNull(selector: i32): bool {
  return (selector & 0xfffc) == 0;
}

/** Linear addresses have 32 bits outside long mode. */
export function wrapLinear(address: i64): i64 {
  return inLongMode() ? address : address & 0xffffffff;
}

/** Linear address of a selector's descriptor of `bytes` (8 or 16), or -1 when the table does not reach that far. */
export function findDescriptor(selector: i32, bytes: u32): i64 {
  const table = selector & 4 ? SEGMENT_LDTR : SEGMENT_GDTR;
  if (table == SEGMENT_LDTR && (load<u32>(table + SEGMENT_ATTRIBUTES) & ATTRIBUTE_UNUSABLE) != 0) return -1;
  const offset = <u32>selector & 0xfff8;
  if (offset + bytes - 1 > load<u32>(table + SEGMENT_LIMIT)) return -1;
  return wrapLinear(load<i64>(table + SEGMENT_BASE) + <i64>offset);
}

/** As `findDescriptor` of 8 bytes, but a selector beyond its table raises `vector`. */
export function descriptorAddress(selector: i32, vector: i32): i64 {
  const address = findDescriptor(selector, 8);
  if (address == -1) raiseSelector(vector, selector);
  return address;
}

/** The descriptor of a selector; beyond its table it raises `vector` with the selector as error code. */
export function fetchDescriptor(selector: i32, vector: i32): u64 {
  return readDescriptor(descriptorAddress(selector, vector));
}

/** The 8 bytes of a descriptor at a linear address. */
export function readDescriptor(address: i64): u64 {
  return <u64>readSystem64(address);
}

/** Sets the accessed bit of the code or data descriptor of `selector`, which `descriptor` was read from. */
export function markAccessed(selector: i32, descriptor: u64): u64 {
  const accessed = descriptor | ((<u64>ATTRIBUTE_ACCESSED) << 32);
  if (accessed != descriptor) {
    const address = findDescriptor(selector, 8);
    writeSystem32(address + 4, <u32>(accessed >> 32));
  }
  return accessed;
}

/** Sets or clears the busy bit of the TSS descriptor at a linear address. */
export function setBusy(address: i64, busy: bool): void {
  const high = <u32>readSystem32(address + 4);
  const bit: u32 = TYPE_BUSY << 8;
  writeSystem32(address + 4, busy ? high | bit : high & ~bit);
}

/** Fills a segment register from a descriptor of 8 bytes. */
export function setSegment(segment: i32, selector: i32, descriptor: u64): void {
  store<i64>(segment + SEGMENT_BASE, descriptorBase(descriptor));
  store<u32>(segment + SEGMENT_LIMIT, descriptorLimit(descriptor));
  store<u32>(segment + SEGMENT_ATTRIBUTES, descriptorAttributes(descriptor));
  store<u32>(segment + SEGMENT_SELECTOR, selector & 0xffff);
}

/** Makes a segment register null. Base and limit stay, as on AMD processors (APM volume 2 section 4.5.1). */
export function setNullSegment(segment: i32, selector: i32): void {
  store<u32>(segment + SEGMENT_ATTRIBUTES, ATTRIBUTE_UNUSABLE);
  store<u32>(segment + SEGMENT_SELECTOR, selector & 0xffff);
}

/** SS as 64-bit mode leaves it on entering privilege level `level` with a null selector: usable, flat. */
export function setNullStack(segment: i32, selector: i32, level: u32): void {
  store<i64>(segment + SEGMENT_BASE, 0);
  store<u32>(segment + SEGMENT_LIMIT, 0xffffffff);
  store<u32>(segment + SEGMENT_ATTRIBUTES, ATTRIBUTE_UNUSABLE | (level << 13));
  store<u32>(segment + SEGMENT_SELECTOR, selector & 0xffff);
}

/** A segment register as real and virtual-8086 mode load it: base = selector × 16 (SDM volume 3A sections 20.1.1 and 20.2.1). */
export function setRealSegment(segment: i32, selector: i32, virtual: bool): void {
  const value = selector & 0xffff;
  store<i64>(segment + SEGMENT_BASE, <i64>(value << 4));
  store<u32>(segment + SEGMENT_SELECTOR, value);
  if (virtual) {
    store<u32>(segment + SEGMENT_LIMIT, 0xffff);
    store<u32>(segment + SEGMENT_ATTRIBUTES, 0xf300);
    return;
  }
  // Real mode keeps what protected mode last left in the limit and the B and G bits ("big real mode").
  const attributes = load<u32>(segment + SEGMENT_ATTRIBUTES);
  if (attributes & ATTRIBUTE_UNUSABLE) store<u32>(segment + SEGMENT_LIMIT, 0xffff);
  const kept = attributes & ATTRIBUTE_UNUSABLE ? 0 : attributes & (ATTRIBUTE_BIG | ATTRIBUTE_GRANULARITY);
  store<u32>(segment + SEGMENT_ATTRIBUTES, 0x9300 | kept);
}
