import { guestPhysical } from '../base/address.ts';
import { placeModules, type PlacedModule } from './boot-modules.ts';
import type { BootPlan, BootRequest } from './boot-plan.ts';
import { enterKernel } from './boot-processor.ts';
import { encodeCommandLine, LONGEST_COMMAND_LINE } from './command-line.ts';
import { readElf } from './elf-image.ts';
import { physicalEntry, placeElfSegments, requireLoaded } from './elf-placement.ts';
import { ImageReader } from './image-reader.ts';
import { MemoryLayout } from './memory-layout.ts';
import { endOf, HIGH_MEMORY_START, LOW_MEMORY_END, MEMORY_TYPE, memoryMap, type MemoryRange } from './memory-map.ts';
import type { MultibootAddresses, MultibootHeader } from './multiboot-header.ts';
import { StructureWriter } from './structure-writer.ts';

/** EAX at entry tells the kernel that a Multiboot loader started it (Multiboot Specification 0.6.96, 3.2). */
const LOADER_MAGIC = 0x2badb002;
const LOADER_NAME = 'Lodge';
const INFO_LENGTH = 116;
const MODULE_LENGTH = 16;
const RANGE_LENGTH = 24;
/** Memory sizes (0), command line (2), modules (3), memory map (6), loader name (9). */
const INFO_FLAGS = 0b10_0100_1101;

/**
 * Plans the boot of a Multiboot 1 kernel: flat 32-bit code, EAX a magic number, EBX the information structure.
 *
 * @throws UserError when the file is damaged, or something does not fit in guest memory.
 */
export function planMultibootBoot(request: BootRequest, header: MultibootHeader): BootPlan {
  const map = memoryMap(request.memoryBytes, request.firmwareRanges);
  const layout = new MemoryLayout(map);
  const { entry, end } = header.addresses
    ? placeByAddresses(layout, request.kernel, header.addresses)
    : placeElf(layout, request.kernel);
  const modules = placeModules(layout, request, Math.max(end, HIGH_MEMORY_START));
  const text = (line: string, what: string) =>
    layout.placeBootData(encodeCommandLine(line, LONGEST_COMMAND_LINE), what);
  const ranges = memoryTable(map);
  const highEnd = map.find((range) => range.address === HIGH_MEMORY_START && range.type === 'usable');
  const info = new StructureWriter(INFO_LENGTH)
    .u32(0, INFO_FLAGS)
    .u32(4, Math.floor(LOW_MEMORY_END / 1024)) // mem_lower
    .u32(8, highEnd === undefined ? 0 : Math.floor((endOf(highEnd) - HIGH_MEMORY_START) / 1024)) // mem_upper
    .u32(16, text(request.append ?? '', 'command line'))
    .u32(20, modules.length)
    .u32(24, modules.length === 0 ? 0 : layout.placeBootData(moduleTable(modules), 'module list'))
    .u32(44, ranges.length)
    .u32(48, layout.placeBootData(ranges, 'memory map'))
    .u32(64, text(LOADER_NAME, 'loader name'));
  const registers = {
    rax: LOADER_MAGIC,
    rbx: layout.placeBootData(info.bytes, 'boot information'),
  };
  const cpu = enterKernel(layout, { rip: entry, registers });
  return { protocol: 'multiboot', placements: layout.placements, cpu, memoryMap: map };
}

interface Loaded {
  readonly entry: number;
  readonly end: number;
}

function placeElf(layout: MemoryLayout, kernel: Uint8Array): Loaded {
  const elf = readElf(kernel);
  const end = placeElfSegments(layout, elf);
  return { entry: requireLoaded(elf, physicalEntry(elf)), end };
}

function placeByAddresses(layout: MemoryLayout, kernel: Uint8Array, addresses: MultibootAddresses): Loaded {
  const { fileOffset, load, loadEnd, bssEnd, entry } = addresses;
  const bytes = new ImageReader(kernel, 'kernel').slice(fileOffset, loadEnd - load);
  layout.claim(load, bssEnd - load, 'kernel');
  layout.place(guestPhysical(load), bytes, 'kernel');
  return { entry, end: bssEnd };
}

function moduleTable(modules: readonly PlacedModule[]): Uint8Array {
  const table = new StructureWriter(modules.length * MODULE_LENGTH);
  modules.forEach((module, index) => {
    const at = index * MODULE_LENGTH;
    table
      .u32(at, module.address)
      .u32(at + 4, module.address + module.length)
      .u32(at + 8, module.commandLine);
  });
  return table.bytes;
}

/** Each entry begins with its size, which does not count the size field itself. */
function memoryTable(map: readonly MemoryRange[]): Uint8Array {
  const table = new StructureWriter(map.length * RANGE_LENGTH);
  map.forEach((range, index) => {
    const at = index * RANGE_LENGTH;
    table
      .u32(at, RANGE_LENGTH - 4)
      .u64(at + 4, range.address)
      .u64(at + 12, range.length);
    table.u32(at + 20, MEMORY_TYPE[range.type]);
  });
  return table.bytes;
}
