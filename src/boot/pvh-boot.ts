import { placeModules, type PlacedModule } from './boot-modules.ts';
import type { BootPlan, BootRequest } from './boot-plan.ts';
import { enterKernel } from './boot-processor.ts';
import { encodeCommandLine, LONGEST_COMMAND_LINE } from './command-line.ts';
import type { ElfImage } from './elf-image.ts';
import { placeElfSegments, requireLoaded } from './elf-placement.ts';
import { MemoryLayout } from './memory-layout.ts';
import { MEMORY_TYPE, memoryMap, type MemoryRange } from './memory-map.ts';
import { StructureWriter } from './structure-writer.ts';

/** Xen's public/elfnote.h. */
const NOTE_NAME = 'Xen';
const XEN_ELFNOTE_PHYS32_ENTRY = 18;

const START_INFO_MAGIC = 0x336ec578;
const START_INFO_VERSION = 1;
const START_INFO_LENGTH = 56;
const MODULE_LENGTH = 32;
const RANGE_LENGTH = 24;

/** The 32-bit entry point that a PVH kernel names in a note, if the file has that note. */
export function pvhEntry(elf: ElfImage): number | undefined {
  const note = elf.notes.find((of) => of.name === NOTE_NAME && of.type === XEN_ELFNOTE_PHYS32_ENTRY);
  if (note === undefined) return undefined;
  return note.content.length >= 8 ? note.content.u64(0) : note.content.u32(0);
}

/**
 * Plans the boot of an ELF kernel with a PVH entry: flat 32-bit code, EBX pointing to hvm_start_info
 * version 1 (Xen's docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h).
 *
 * @throws UserError when the file is damaged, or something does not fit in guest memory.
 */
export function planPvhBoot(request: BootRequest, elf: ElfImage, entry: number): BootPlan {
  const map = memoryMap(request.memoryBytes, request.firmwareRanges);
  const layout = new MemoryLayout(map);
  const end = placeElfSegments(layout, elf);
  requireLoaded(elf, entry);
  const modules = placeModules(layout, request, end);
  const commandLine = layout.placeBootData(
    encodeCommandLine(request.append ?? '', LONGEST_COMMAND_LINE),
    'command line',
  );
  const ranges = layout.placeBootData(memoryTable(map), 'memory map');
  const moduleList = modules.length === 0 ? 0 : layout.placeBootData(moduleTable(modules), 'module list');
  const startInfo = new StructureWriter(START_INFO_LENGTH)
    .u32(0, START_INFO_MAGIC)
    .u32(4, START_INFO_VERSION)
    .u32(12, modules.length)
    .u64(16, moduleList)
    .u64(24, commandLine)
    .u64(32, request.rsdpAddress ?? 0)
    .u64(40, ranges)
    .u32(48, map.length);
  const registers = { rbx: layout.placeBootData(startInfo.bytes, 'start info') };
  const cpu = enterKernel(layout, { rip: entry, registers });
  return { protocol: 'pvh', placements: layout.placements, cpu, memoryMap: map };
}

/** hvm_modlist_entry for each module. */
function moduleTable(modules: readonly PlacedModule[]): Uint8Array {
  const table = new StructureWriter(modules.length * MODULE_LENGTH);
  modules.forEach((module, index) => {
    const at = index * MODULE_LENGTH;
    table
      .u64(at, module.address)
      .u64(at + 8, module.length)
      .u64(at + 16, module.commandLine);
  });
  return table.bytes;
}

/** hvm_memmap_table_entry for each range. */
function memoryTable(map: readonly MemoryRange[]): Uint8Array {
  const table = new StructureWriter(map.length * RANGE_LENGTH);
  map.forEach((range, index) => {
    const at = index * RANGE_LENGTH;
    table
      .u64(at, range.address)
      .u64(at + 8, range.length)
      .u32(at + 16, MEMORY_TYPE[range.type]);
  });
  return table.bytes;
}
