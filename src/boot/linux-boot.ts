import { type GuestPhysical, guestPhysical } from '../base/address.ts';
import { UserError } from '../base/errors.ts';
import type { BootPlan, BootRequest } from './boot-plan.ts';
import { enterKernel } from './boot-processor.ts';
import { encodeCommandLine, LONGEST_COMMAND_LINE } from './command-line.ts';
import { formatAddress, formatBytes } from './format-bytes.ts';
import { placeIdentityPageTables } from './identity-page-tables.ts';
import { type LinuxImage, readLinuxImage } from './linux-setup-header.ts';
import { LINUX_MEMORY_RANGES, zeroPage } from './linux-zero-page.ts';
import { MemoryLayout } from './memory-layout.ts';
import { FOUR_GIB, HIGH_MEMORY_START, memoryMap } from './memory-map.ts';

const ENTRY_64_OFFSET = 0x200;

/**
 * Plans the boot of a Linux/x86 bzImage: 64-bit entry where the image has one, else 32-bit entry
 * (Documentation/arch/x86/boot.rst).
 *
 * @throws UserError for a damaged image, or when kernel, initrd or command line do not fit.
 */
export function planLinuxBoot(request: BootRequest): BootPlan {
  const image = readLinuxImage(request.kernel);
  if (request.modules?.length) {
    throw new UserError('Linux takes an initrd but no modules; pass the file with --initrd.');
  }
  const map = memoryMap(request.memoryBytes, request.firmwareRanges);
  if (map.length > LINUX_MEMORY_RANGES) {
    throw new UserError(`The memory map has ${map.length} ranges but Linux takes at most ${LINUX_MEMORY_RANGES}.`);
  }
  const layout = new MemoryLayout(map);
  const commandLine = encodeCommandLine(request.append ?? '', Math.min(image.commandLineMax, LONGEST_COMMAND_LINE));

  const kernelAddress = placeKernel(layout, image);
  const commandLineAddress = layout.placeBootData(commandLine, 'command line');
  const initrd = placeInitrd(layout, image, request.initrd);
  const parameters = zeroPage({
    image,
    kernelAddress,
    commandLine: commandLineAddress,
    initrd,
    rsdpAddress: request.rsdpAddress ?? 0,
    memoryMap: map,
  });
  const registers = { rsi: layout.placeBootData(parameters, 'boot parameters', 4096) };
  const cpu = image.entry64
    ? enterKernel(layout, {
        rip: kernelAddress + ENTRY_64_OFFSET,
        registers,
        pageTables: placeIdentityPageTables(layout),
      })
    : enterKernel(layout, { rip: kernelAddress, registers });
  return {
    protocol: image.entry64 ? 'linux-64' : 'linux-32',
    placements: layout.placements,
    cpu,
    memoryMap: map,
  };
}

/** Puts the kernel where it prefers to run or, if that is taken and it can move, at the next free place. */
function placeKernel(layout: MemoryLayout, image: LinuxImage): GuestPhysical {
  const { preferredAddress, initSize } = image;
  // A kernel below the address it was built for moves itself up to it, so that lower is no use.
  const lowest = Math.max(preferredAddress, HIGH_MEMORY_START);
  const moved = {
    length: initSize,
    alignment: image.alignment,
    lowest,
    end: FOUR_GIB,
    from: 'bottom',
  } as const;
  const address = layout.isFree(preferredAddress, initSize)
    ? guestPhysical(preferredAddress)
    : image.relocatable
      ? layout.find(moved)
      : undefined;
  if (address === undefined) {
    throw new UserError(
      `The kernel needs ${formatBytes(initSize)} of free memory at ${formatAddress(preferredAddress)}${image.relocatable ? ' or above' : ''} but guest memory ends at ${formatAddress(layout.ramBytes)}; give the guest more with --memory.`,
    );
  }
  layout.claim(address, initSize, 'kernel');
  layout.place(address, image.payload, 'kernel');
  return address;
}

/** Puts the initrd as high as the kernel can reach, out of the way of what it allocates early. */
function placeInitrd(layout: MemoryLayout, image: LinuxImage, initrd: Uint8Array | undefined) {
  if (initrd === undefined || initrd.length === 0) return undefined;
  const wanted = { length: initrd.length, lowest: HIGH_MEMORY_START, from: 'top' } as const;
  const address =
    layout.allocate({ ...wanted, end: Math.min(image.initrdAddressMax + 1, FOUR_GIB) }, 'initrd') ??
    (image.initrdAbove4GiB ? layout.allocate(wanted, 'initrd') : undefined);
  if (address === undefined) {
    throw new UserError(
      `The initrd (${formatBytes(initrd.length)}) does not fit in guest memory beside the kernel, which needs ${formatBytes(image.initSize)}; give the guest more with --memory or use a smaller initrd.`,
    );
  }
  layout.place(address, initrd, 'initrd');
  return { address, length: initrd.length };
}
