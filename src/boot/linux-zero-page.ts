import type { GuestPhysical } from '../base/address.ts';
import type { LinuxImage } from './linux-setup-header.ts';
import { SETUP_HEADER_START } from './linux-setup-header.ts';
import { MEMORY_TYPE, type MemoryRange } from './memory-map.ts';
import { StructureWriter } from './structure-writer.ts';

/** The size of boot_params in bytes. */
export const ZERO_PAGE_LENGTH = 4096;
/** How many ranges the table in boot_params holds. */
export const LINUX_MEMORY_RANGES = 128;
/** A boot loader without a number of its own. */
const LOADER_UNDEFINED = 0xff;

export interface ZeroPageContent {
  readonly image: LinuxImage;
  readonly kernelAddress: GuestPhysical;
  readonly commandLine: GuestPhysical;
  readonly initrd: { readonly address: GuestPhysical; readonly length: number } | undefined;
  readonly rsdpAddress: number;
  /** At most LINUX_MEMORY_RANGES. */
  readonly memoryMap: readonly MemoryRange[];
}

/**
 * boot_params, the "zero page" (Documentation/arch/x86/zero-page.rst and boot.rst). screen_info stays zero:
 * there is no VGA, and Linux then assumes no text screen.
 */
export function zeroPage(content: ZeroPageContent): Uint8Array {
  const page = new StructureWriter(ZERO_PAGE_LENGTH);
  page.copy(SETUP_HEADER_START, content.image.setupHeader);
  page.u64(0x070, content.rsdpAddress); // acpi_rsdp_addr
  page.u8(0x210, LOADER_UNDEFINED); // type_of_loader
  page.u32(0x214, content.kernelAddress); // code32_start
  writeSplit(page, 0x228, 0x0c8, content.commandLine); // cmd_line_ptr, ext_cmd_line_ptr
  if (content.initrd !== undefined) {
    writeSplit(page, 0x218, 0x0c0, content.initrd.address); // ramdisk_image, ext_ramdisk_image
    writeSplit(page, 0x21c, 0x0c4, content.initrd.length); // ramdisk_size, ext_ramdisk_size
  }
  page.u8(0x1e8, content.memoryMap.length); // e820_entries
  content.memoryMap.forEach((range, index) => {
    const entry = 0x2d0 + index * 20; // e820_table
    page.u64(entry, range.address).u64(entry + 8, range.length);
    page.u32(entry + 16, MEMORY_TYPE[range.type]);
  });
  return page.bytes;
}

/** A 64-bit field whose high half was added elsewhere. */
function writeSplit(page: StructureWriter, low: number, high: number, value: number): void {
  page.u32(low, value).u32(high, Math.floor(value / 2 ** 32));
}
