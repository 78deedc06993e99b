// What regions are emitted from: their control flow, and the nodes of the instructions in each block.

import { RECORD_HANDLER, RECORD_IMMEDIATE, RECORD_SIZE } from '../../core/layout.ts';
import { handlerVariants } from '../handler-table.ts';
import { Instruction, type InstructionNodes } from './instruction-nodes.ts';
import type { MachineView } from './machine-view.ts';
import { recordsOf, type BatchRegion, type RegionBatch } from './region-batch.ts';
import { findWindows, type WindowAccess, type WindowPart } from './page-windows.ts';
import { hasSmallImmediate } from './region-ir.ts';
import { planRegion, type RegionBlock } from './region-plan.ts';
import type { AddressForm, RegionBlockOutline } from './region-reader.ts';
import { localRegister, registerAddress, RegisterSet, type RegisterUse } from './region-registers.ts';

/** A block of the region with what is emitted for it. */
export interface RegionPart extends RegionBlockOutline, WindowPart {
  /** By instruction. */
  readonly windows: readonly (readonly WindowAccess[])[];
}

export interface RegionSource {
  readonly descriptor: number;
  /** The handler of its entry's first record, as the decoder chose it. */
  readonly handler: number;
  readonly form: AddressForm;
  readonly entry: RegionBlock;
  readonly parts: readonly RegionPart[];
  readonly use: RegisterUse;
  /** Core routines that its instructions call. */
  readonly routines: ReadonlySet<string>;
  readonly instructions: number;
}

/** @param view of the batch's records */
export function readSources({ regions }: RegionBatch, view: MachineView): RegionSource[] {
  let position = 0;
  return regions.map((region) => {
    const positions = new Map<number, number>();
    for (const block of region.blocks) {
      positions.set(block.ip, position);
      position += recordsOf(block) * RECORD_SIZE;
    }
    return readSource(region, positions, view);
  });
}

function readSource(region: BatchRegion, positions: ReadonlyMap<number, number>, view: MachineView): RegionSource {
  const { descriptor, form, blocks } = region;
  const outlines = new Map(blocks.map((block) => [block.ip, block]));
  const survey = new Survey(view);
  let instructions = 0;
  const read = planRegion(blocks).map((block) => {
    const { ip } = block;
    const position = positions.get(ip)!;
    view.begin(ip, position);
    const outline = outlines.get(ip)!;
    const nodes = withoutDeadFlags(
      Array.from({ length: outline.length }, (_, index) => instructionAt(view, ip + index * RECORD_SIZE)),
    );
    survey.add(ip, nodes);
    instructions += outline.length;
    return { ...outline, block, position, instructions: nodes };
  });
  const { used, written, asksSettled, routines } = survey;
  const windows = findWindows(new Map(read.map((part) => [part.block, part])), view, form);
  const parts = read.map((part): RegionPart => ({ ...part, windows: windows.get(part.block)! }));
  const entry = parts[0]!;
  view.begin(entry.ip, entry.position);
  const handler = view.u32(entry.ip + RECORD_HANDLER);
  const use = { asksSettled, used: used.addresses, written: written.addresses };
  return { descriptor, handler, form, entry: entry.block, parts, use, routines, instructions };
}

/** What the instructions of a region use. */
class Survey {
  readonly used = new RegisterSet();
  readonly written = new RegisterSet();
  readonly routines = new Set<string>();
  asksSettled = false;
  readonly #view: MachineView;

  constructor(view: MachineView) {
    this.#view = view;
  }

  /** @param first address of the first instruction's record */
  add(first: number, instructions: readonly InstructionNodes[]): void {
    let ip = first;
    for (const { mentions, routines, asksSettled } of instructions) {
      for (let index = 0; index < mentions.length; index++) {
        const { register, writes } = mentions[index]!;
        const address = localRegister(registerAddress(this.#view, ip, register));
        if (address === 0) continue;
        this.used.add(address);
        if (writes) this.written.add(address);
      }
      for (let index = 0; index < routines.length; index++) this.routines.add(routines[index]!);
      this.asksSettled ||= asksSettled;
      ip += RECORD_SIZE;
    }
  }
}

/** By handler; those of a variant that `hasSmallImmediate`, by handler and immediate, are in the map. */
const byHandler: (Instruction | undefined)[] = [];
const byImmediate = new Map<number, Instruction>();

function instructionAt(view: MachineView, ip: number): Instruction {
  const handler = view.u32(ip + RECORD_HANDLER);
  const known = byHandler[handler];
  if (known !== undefined) return known;
  const variant = handlerVariants[handler]!;
  if (!hasSmallImmediate(variant)) return (byHandler[handler] = new Instruction(variant, 0));
  const immediate = view.i32(ip + RECORD_IMMEDIATE);
  const key = handler * 256 + (immediate & 0xff);
  let instruction = byImmediate.get(key);
  if (instruction === undefined) byImmediate.set(key, (instruction = new Instruction(variant, immediate)));
  return instruction;
}

/** Leaves out flags that a later instruction of the block sets anew before anybody can have seen them. */
function withoutDeadFlags(instructions: readonly Instruction[]): InstructionNodes[] {
  const result: InstructionNodes[] = [];
  let live = true;
  for (let index = instructions.length - 1; index >= 0; index--) {
    const { whole } = instructions[index]!;
    const chosen: InstructionNodes = !live && !whole.flags.looks ? instructions[index]!.flagless : whole;
    result.push(chosen);
    live = chosen.flags.needs || whole.flags.looks || (live && !whole.flags.setsAll);
  }
  return result.toReversed();
}
