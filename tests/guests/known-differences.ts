// Where QEMU 7.2 (TCG) and Bochs 2.7 are known to differ from the manuals. Every check holds on at least one of the two,
// save one that neither can show: that the TSC deadline reads as zero once it is over (SDM volume 3, 11.5.4.1).

import type { MachineName } from './machines.ts';

interface Difference {
  readonly guest: string;
  readonly reason: string;
  /** The names of the checks that fail for it. */
  readonly checks: readonly string[];
}

const qemu: readonly Difference[] = [
  {
    guest: 'debug.64',
    reason: 'no general detect, no INT1, and low bits of a breakpoint address count',
    checks: [
      'with GD an access raises #DB at the instruction',
      'with BD in DR6',
      'and GD is clear in the handler',
      'INT1 raises #DB without BS',
      'the low bits of the address do not count',
    ],
  },
  {
    guest: 'exceptions.32',
    reason: 'no EXT bit in error codes, no alignment checks, #TS for a stack that is not present',
    checks: [
      'while an exception is delivered, the error code has EXT set',
      'also with a selector',
      'one that is not present raises #SS(selector)',
      'a misaligned access in ring 3 raises #AC(0)',
    ],
  },
  {
    guest: 'exceptions.64',
    reason:
      'no INT1, no check of LOCK before MOV, no SSE exceptions, lax checks of canonical addresses, MSRs and CR0, where it then stops',
    checks: [
      'INT1 raises #DB past the instruction',
      'LOCK MOV raises #UD',
      'an unmasked SSE exception raises #XM at the instruction',
      'without CR4.OSXMMEXCPT it raises #UD',
      'an operand that reaches past the canonical half raises #GP(0)',
      'a non-canonical address by RBP raises #SS(0)',
      'at the jump',
      'so does a call, before it pushes',
      'a non-canonical address in an address MSR raises #GP(0)',
      'an MSR that does not exist raises #GP(0)',
      'CR0.PG without PE raises #GP(0)',
      'the upper half of CR0 is reserved',
      'the guest comes to its end',
    ],
  },
  {
    guest: 'fault-priority.64',
    reason: 'lax checks of LOCK, #NM before #UD, prefixes counted only with the instruction',
    checks: [
      '#UD for a LOCK prefix comes before #GP for privilege',
      '#UD for a LOCK prefix comes before #PF',
      '#UD for SSE with CR0.EM comes before #NM',
      '15 prefixes are too many, #GP, whatever follows',
    ],
  },
  {
    guest: 'gates.64',
    reason: 'error codes of 64-bit gates count 16 bytes a vector, 16-bit gates are taken, no EXT bit',
    checks: [
      'a gate to a non-canonical address raises #GP(0)',
      'only 64-bit interrupt and trap gates may be in the IDT, else #GP(vector * 8 + 2)',
      'a gate that is not present raises #NP(vector * 8 + 2)',
      "INT n in ring 3 obeys the gate's DPL",
      "a gate must lie in the IDT's limit whole",
      'while an exception is delivered the error code has EXT set',
      '#NP while INT3 is delivered is raised by itself, without EXT',
    ],
  },
  { guest: 'iret.64', reason: 'L and D together are taken', checks: ['CS with both L and D raises #GP(CS)'] },
  {
    guest: 'paging-2-level.32',
    reason: 'a reserved bit is reported without the present bit',
    checks: ['bit 21 is reserved, #PF(9)'],
  },
  {
    guest: 'paging-4-level.64',
    reason: 'a reserved bit is reported without the present bit; a locked read-modify-write faults as a read',
    checks: [
      'read-modify-write counts as a write',
      'and #PF(15) for a write in ring 3',
      'an address bit past MAXPHYADDR in a page-table entry raises #PF(9)',
      'so does one in a page-directory entry',
      'so does one in a page-directory-pointer entry',
      'so does one in a PML4 entry',
      'bit 7 of a PML4 entry is reserved',
      'bit 63 of a page-table entry without NXE is reserved',
      'bit 63 of a page-directory-pointer entry without NXE is reserved',
      'bit 13 of a 2 MiB entry is reserved',
      'bit 20 of a 2 MiB entry is reserved',
      'bit 13 of a 1 GiB entry is reserved',
      'bit 29 of a 1 GiB entry is reserved',
    ],
  },
  {
    guest: 'paging-5-level.64',
    reason: 'a reserved bit is reported without the present bit',
    checks: ['and has no bit 7'],
  },
  {
    guest: 'paging-pae.32',
    reason: 'the four pointers are read at each walk, unchecked, as if they were a table',
    checks: [
      'bit 1 of a pointer is reserved',
      'bit 2 of a pointer is reserved',
      'bit 5 of a pointer is reserved',
      'bit 63 of a pointer is reserved',
      'and CR3 keeps its value',
      'a changed pointer has no effect before CR3 is loaded',
      'bit 62 is reserved, #PF(9)',
      'bit 63 is reserved without NXE',
      'whose bits 13 to 20 are reserved',
      'the pointers have neither',
    ],
  },
  {
    guest: 'real-mode.32',
    reason: 'no segment limits',
    checks: [
      'a word there raises #GP',
      'with CS',
      'so does a doubleword that reaches past 64 KiB',
      'and an offset above 64 KiB',
      'a word on the stack at 0xffff raises #SS',
      'but not with a limit of 64 KiB',
    ],
  },
  {
    guest: 'segments.32',
    reason: 'neither segment limits nor types are checked when memory is accessed',
    checks: [
      'the byte after it raises #GP(0)',
      'and not past it',
      'nor be written past it',
      'an operand that wraps past 4 GiB raises #GP',
      'and ends there',
      'an expand-down segment begins after its limit',
      'an operand must be above the limit whole',
      'nor after',
      'POP past the limit of SS raises #SS(0)',
      'an access by EBP past the limit raises #SS(0)',
      'so does one below an expand-down stack',
      'and not written',
      'code cannot be written',
      'and not used',
      'null selectors may have any RPL',
      'and raises #GP(0) past it',
      'in its segment',
      'a far call past the limit raises #GP(0) at the call',
    ],
  },
  {
    guest: 'syscall.64',
    reason: 'SYSCALL loses the arithmetic flags; SYSENTER works in compatibility mode of an AMD processor',
    checks: ['others stay', 'in compatibility mode too (AMD)'],
  },
  {
    guest: 'task-switch.32',
    reason: 'faults of a new task are raised before the switch is complete; no T bit',
    checks: [
      "before the task's first instruction",
      'an SS that is not present raises #SS(SS)',
      'the T bit of a TSS raises #DB before its first instruction',
      'with BT in DR6',
    ],
  },
  {
    guest: 'v86.32',
    reason: 'no segment limits; a gate to an inner ring other than 0 is taken',
    checks: ['a word at 0xffff raises #GP(0)', 'a push that wraps inside a word raises #SS(0)', 'and lead to ring 0'],
  },
  {
    guest: 'shared-code.64',
    reason: 'INVLPG forgets the jumps to one page of 4 KiB only',
    checks: ['and so does the next one'],
  },
];

const bochs: readonly Difference[] = [
  {
    guest: 'apic.64',
    reason:
      'vectors in service are compared whole and not by class; the TSC deadline is not cleared; LINT0 takes no NMI mode',
    checks: [
      'keeping out its own class and lower ones',
      'and the deadline is zero then',
      "LINT0 in NMI mode makes an NMI of the timer's interrupt",
    ],
  },
  {
    guest: 'page-crossing.64',
    reason: 'the second page of an instruction that was decoded before is not looked up again',
    checks: [
      'without its second page it faults at its start',
      'with the address of the second page, and has no effect',
      'NX of the second page counts',
      'with its address',
    ],
  },
  {
    guest: 'self-modifying.64',
    reason: 'the second page of an instruction that was decoded before is not looked up again',
    checks: [
      'and is another when the second page is',
      'or raises #PF when it is gone',
      "with the second page's address",
    ],
  },
  {
    guest: 'supervisor-protection.64',
    reason: 'EFLAGS.AC opens user pages to implicit accesses too',
    checks: ['whatever EFLAGS.AC is'],
  },
];

const differences: Readonly<Record<MachineName, readonly Difference[]>> = { lodge: [], translated: [], qemu, bochs };

/** The checks of a guest that are known to fail on a machine. Lodge has none. */
export function knownDifferences(machine: MachineName, guest: string): ReadonlySet<string> {
  return new Set(differences[machine].filter((of) => of.guest === guest).flatMap((of) => of.checks));
}
