// Finds the differences between two answers to a case.

import type { Flag } from '../../src/isa/abstract-machine.ts';
import { type StateImage, WINDOW, WINDOW_SIZE } from './state-image.ts';

const PAGE_FAULT = 14;
const flagBits: Record<Flag, number> = { CF: 0, PF: 2, AF: 4, ZF: 6, SF: 7, OF: 11 };
const names = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
];

export interface Difference {
  readonly field: string;
  readonly left: string;
  readonly right: string;
}

export interface CompareOptions {
  readonly codeSize: 16 | 32 | 64;
  /** Flags that are not compared. */
  readonly undefined: readonly Flag[];
  /** Whether two numbers of x87 (80 bits) or XMM registers (128 bits) that differ are near enough. */
  readonly near?: ((left: bigint, right: bigint, bits: 80 | 128) => boolean) | undefined;
  /** Bits of the x87 status word that are not compared. */
  readonly ignoredStatus?: number;
  /** The address of a page fault is not compared. */
  readonly ignoresFaultAddress?: boolean;
  /** Memory that is not compared. */
  readonly ignoredMemory?: { readonly at: number; readonly bytes: number } | undefined;
}

const hex = (value: bigint | number, digits: number): string => value.toString(16).padStart(digits, '0');

export function compareAnswers(left: StateImage, right: StateImage, options: CompareOptions): Difference[] {
  const differences: Difference[] = [];
  const check = (field: string, a: bigint | number, b: bigint | number, digits: number): void => {
    if (a !== b) differences.push({ field, left: hex(a, digits), right: hex(b, digits) });
  };
  const { codeSize } = options;
  const registers = codeSize === 64 ? 16 : 8;
  const cut = (value: bigint): bigint => (codeSize === 64 ? value : BigInt.asUintN(32, value));
  check('vector', left.vector, right.vector, 2);
  if (left.vector === right.vector) {
    let [a, b] = [left.error, right.error];
    if (left.vector === PAGE_FAULT) {
      if (!options.ignoresFaultAddress) check('cr2', left.faultAddress, right.faultAddress, 16);
      // Linux says that every address of the kernel's half is mapped.
      if (left.faultAddress >> 63n) [a, b] = [a | 1, b | 1];
    }
    check('error code', a, b, 4);
  }
  check('rip', left.rip, right.rip, 16);
  const mask = options.undefined.reduce((bits, flag) => bits & ~(1 << flagBits[flag]), -1);
  check('rflags', (left.flags & mask) >>> 0, (right.flags & mask) >>> 0, 8);
  if (codeSize === 64) {
    check('fs base', left.fsBase, right.fsBase, 16);
    check('gs base', left.gsBase, right.gsBase, 16);
  }
  for (let i = 0; i < registers; i++) check(names[i] as string, cut(left.register(i)), cut(right.register(i)), 16);
  const wide = (field: string, a: bigint, b: bigint, bits: 80 | 128): void => {
    if (a !== b && !options.near?.(a, b, bits)) check(field, a, b, bits / 4);
  };
  for (let i = 0; i < registers; i++) wide(`xmm${i}`, left.xmm(i), right.xmm(i), 128);
  for (let i = 0; i < 8; i++) wide(`st${i}`, left.st(i), right.st(i), 80);
  check('mxcsr', left.mxcsr, right.mxcsr, 4);
  check('x87 control', left.fpuControl, right.fpuControl, 4);
  const status = ~(options.ignoredStatus ?? 0);
  check('x87 status', left.fpuStatus & status, right.fpuStatus & status, 4);
  check('x87 tag', left.fpuTag, right.fpuTag, 2);
  const [a, b] = [left.window, right.window];
  const { ignoredMemory: ignored } = options;
  const isIgnored = (i: number): boolean =>
    ignored !== undefined && WINDOW + i >= ignored.at && WINDOW + i < ignored.at + ignored.bytes;
  for (let i = 0; i < WINDOW_SIZE; i++) {
    if (a[i] === b[i] || isIgnored(i)) continue;
    const end = Math.min(i + 16, WINDOW_SIZE);
    const bytes = (of: Uint8Array): string => [...of.subarray(i, end)].map((byte) => hex(byte, 2)).join(' ');
    differences.push({ field: `memory ${hex(WINDOW + i, 8)}`, left: bytes(a), right: bytes(b) });
    break;
  }
  check('memory elsewhere changed', left.changedOutside ? 1 : 0, right.changedOutside ? 1 : 0, 1);
  return differences;
}
