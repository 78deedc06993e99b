// A region as text: guest code, its intermediate representation and its WebAssembly side by side, for `--dump-region`.

import {
  BLOCK_ADDRESS,
  BLOCK_HEADER,
  BLOCK_MODE,
  BLOCK_SECOND,
  MODE_CODE_64,
  MODE_CODE_MASK,
  RECORD_LENGTH,
  RECORD_OFFSET,
  RECORD_SIZE,
  TLB,
  TLB_ADDEND,
  TLB_CONTEXTS,
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_EXECUTE_TAG,
  TLB_SIZE,
  TLB_SLOTS,
} from '../../core/layout.ts';
import { ModuleReader } from '../../wasm/module-reader.ts';
import { readFunction, type FunctionLine } from '../../wasm/text.ts';
import { disassemble } from '../disassemble.ts';
import { nodesText } from '../ir-text.ts';
import { MachineView } from './machine-view.ts';
import type { RegionBatch } from './region-batch.ts';
import { buildRegions } from './region-module.ts';
import { registerAddress } from './region-registers.ts';
import { readSources, type RegionPart, type RegionSource } from './region-source.ts';

/** Which region is wanted, and what is done with it. */
export interface RegionDump {
  /** Guest-virtual address of its entry. */
  readonly address: bigint;
  /** Gets the text of each such region that is made: there is one for each address space, and another when it was given up. */
  readonly write: (text: string) => void;
  /** Is told the entry of a region that begins elsewhere but has an instruction at that address. */
  readonly isInside?: (entry: bigint) => void;
}

const PAGE = 4096;
const MOST_INSTRUCTION_BYTES = 15;
/** A column is as wide as its widest cell, but not wider; a longer cell moves what is right of it. */
const WIDEST = [44, 56] as const;

/**
 * Dumps those regions of a batch that are wanted.
 * @param view of machine memory
 */
export function dumpRegions(view: DataView, batch: RegionBatch, { address, write, isInside }: RegionDump): void {
  const places = placesOf(view, address);
  if (places.size === 0) return;
  const records = new MachineView(batch.records);
  for (const source of readSources(batch, records)) {
    const { entry, parts } = source;
    if (places.has(machineOf(view, entry.ip))) {
      write(regionText(view, records, source, address, batch.counts));
      continue;
    }
    for (const { ip: first, page, instructions } of parts) {
      const frame = machineOf(view, first) & -PAGE;
      for (const index of instructions.keys()) {
        const ip = first + index * RECORD_SIZE;
        const offset = view.getUint16(ip + RECORD_OFFSET, true);
        if (!places.has((frame + offset) >>> 0)) continue;
        const distance = page + offset - view.getUint16(entry.ip + RECORD_OFFSET, true);
        isInside?.(BigInt.asUintN(64, address - BigInt(distance)));
      }
    }
  }
}

/** Machine address of the block whose first record is at `first`. */
function machineOf(view: DataView, first: number): number {
  return view.getUint32(first - BLOCK_HEADER + BLOCK_ADDRESS, true);
}

/** The machine addresses that a guest-virtual one has for fetches, in the address spaces that the TLB knows. */
function placesOf(view: DataView, address: bigint): ReadonlySet<number> {
  const places = new Set<number>();
  const page = BigInt.asIntN(64, address & ~0xfffn);
  const low = Number(BigInt.asUintN(32, address));
  const line = (low >>> 12) % TLB_ENTRIES;
  for (let number = 0; number < TLB_SLOTS * TLB_CONTEXTS; number++) {
    const entry = TLB + number * TLB_SIZE + line * TLB_ENTRY_SIZE;
    if (view.getBigInt64(entry + TLB_EXECUTE_TAG, true) !== page) continue;
    places.add((low + view.getUint32(entry + TLB_ADDEND, true)) >>> 0);
  }
  return places;
}

/** A line of the dump: instruction, nodes, WebAssembly. */
type Row = readonly [guest: string, nodes: string, wasm: string];

/** The text of a region whose entry is at a guest-virtual address. */
function regionText(
  view: DataView,
  records: MachineView,
  source: RegionSource,
  address: bigint,
  counts: boolean,
): string {
  const notes: { ip: number; offset: number }[] = [];
  const note = (ip: number, offset: number): void => void notes.push({ ip, offset });
  const bytes = buildRegions(records, [source], { counts, note, names: true });
  const region = new ModuleReader(bytes).exports.find(({ name }) => name === 'region0')!;
  const lines = readFunction(bytes, region.index);
  const code = codeByRecord(lines, notes);
  const shown = (guest: string, nodes: readonly string[], wasm: readonly string[]): Row[] =>
    Array.from({ length: Math.max(1, nodes.length, wasm.length) }, (_, at): Row => [
      at === 0 ? guest : '',
      nodes[at] ?? '',
      wasm[at] ?? '',
    ]);
  const guest = new GuestCode(view, source.form.isLong, address - (address % BigInt(PAGE)));
  const rows: Row[] = shown('(entry)', [], code.get(ENTRY) ?? []);
  for (const part of source.parts) {
    const { block, instructions, rest, ends, position } = part;
    const fallsThrough = ends === 'fallThrough';
    records.begin(part.ip, position);
    rows.push(['', '', ''], [`block ${block.order}${block.isLoop ? ', a loop header' : ''}`, '', '']);
    for (const [index, { nodes }] of instructions.entries()) {
      const ip = part.ip + index * RECORD_SIZE;
      const ir = nodesText(nodes, (place) => registerAddress(records, ip, place));
      rows.push(...shown(guest.instruction(part, ip), ir, code.get(ip) ?? []));
    }
    if (rest === 0) continue;
    const what = fallsThrough ? '(falls through)' : guest.instruction(part, rest);
    rows.push(...shown(what, fallsThrough ? [] : ['(left to the interpreter)'], code.get(rest) ?? []));
  }
  rows.push(['', '', ''], ...shown('(ways out)', [], code.get(WAYS_OUT) ?? []));
  const size = lines.at(-1)!.offset;
  const title = `Region at 0x${address.toString(16)}: ${source.parts.length} blocks, ${source.instructions} instructions, ${size} bytes of WebAssembly`;
  return `${title}\n${table(rows)}\n`;
}

const ENTRY = -1;
const WAYS_OUT = 0;

/** The lines that belong to each record, with their offsets. */
function codeByRecord(
  lines: readonly FunctionLine[],
  notes: readonly { readonly ip: number; readonly offset: number }[],
): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  let next = 0;
  let ip = ENTRY;
  for (const { offset, text } of lines) {
    while (next < notes.length && notes[next]!.offset <= offset) ip = notes[next++]!.ip;
    const own = found.get(ip) ?? [];
    found.set(ip, own);
    own.push(`${offset < 0 ? '' : offset.toString(16)}`.padStart(5) + `  ${text}`);
  }
  return found;
}

class GuestCode {
  readonly #view: DataView;
  readonly #isLong: boolean;
  readonly #entryPage: bigint;

  constructor(view: DataView, isLong: boolean, entryPage: bigint) {
    this.#view = view;
    this.#isLong = isLong;
    this.#entryPage = entryPage;
  }

  /** Address and text of the instruction that a record of the part stands for. */
  instruction(part: RegionPart, ip: number): string {
    const offset = this.#view.getUint16(ip + RECORD_OFFSET, true);
    const at = BigInt.asUintN(this.#isLong ? 64 : 32, this.#entryPage + BigInt(part.page + offset));
    const shown = at.toString(16).padStart(this.#isLong ? 16 : 8, '0');
    const mode = this.#view.getUint32(part.ip - BLOCK_HEADER + BLOCK_MODE, true) & MODE_CODE_MASK;
    const codeSize = mode === MODE_CODE_64 ? 64 : mode === 0 ? 16 : 32;
    const length = this.#view.getUint8(ip + RECORD_LENGTH);
    if (length === 0) return `${shown}  (exception)`;
    return `${shown}  ${disassemble(this.#bytes(part.ip, offset, length), 0, codeSize, at).text}`;
  }

  /** Bytes at an offset of the block's page, which may go on in its second one. */
  #bytes(first: number, offset: number, length: number): Uint8Array {
    const machine = machineOf(this.#view, first);
    const second = this.#view.getUint32(first - BLOCK_HEADER + BLOCK_SECOND, true);
    const pages = [machine - (machine % PAGE), second - (second % PAGE)] as const;
    const bytes = new Uint8Array(Math.min(length, MOST_INSTRUCTION_BYTES));
    for (let index = 0; index < bytes.length; index++) {
      const at = offset + index;
      bytes[index] = this.#view.getUint8(at < PAGE ? pages[0] + at : pages[1] + at - PAGE);
    }
    return bytes;
  }
}

function table(rows: readonly Row[]): string {
  const width = (column: 0 | 1): number => Math.min(WIDEST[column], Math.max(...rows.map((row) => row[column].length)));
  const [first, second] = [width(0), width(1)];
  return rows
    .map(([guest, nodes, wasm]) => `${guest.padEnd(first)} | ${nodes.padEnd(second)} | ${wasm}`.replace(/[ |]+$/, ''))
    .join('\n');
}
