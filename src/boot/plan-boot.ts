import type { BootPlan, BootRequest } from './boot-plan.ts';
import { looksLikeElf, readElf } from './elf-image.ts';
import { planLinuxBoot } from './linux-boot.ts';
import { looksLikeLinux } from './linux-setup-header.ts';
import { planMultibootBoot } from './multiboot-boot.ts';
import { findMultibootHeader } from './multiboot-header.ts';
import { planPvhBoot, pvhEntry } from './pvh-boot.ts';
import { unsupportedKernel } from './unsupported-kernel.ts';

/**
 * Plans how to start a kernel file by the boot protocol that its content calls for: a Linux setup header, then
 * a PVH note in an ELF file, then a Multiboot header.
 *
 * @throws UserError, one sentence, when the file is no kernel, is damaged, or does not fit in guest memory.
 */
export function planBoot(request: BootRequest): BootPlan {
  const { kernel } = request;
  if (looksLikeLinux(kernel)) return planLinuxBoot(request);
  if (looksLikeElf(kernel)) {
    // A kernel with Multiboot addresses need not be well-formed ELF, so look for those before reading it.
    const header = findMultibootHeader(kernel);
    if (header?.addresses !== undefined) return planMultibootBoot(request, header);
    const elf = readElf(kernel);
    const entry = pvhEntry(elf);
    if (entry !== undefined) return planPvhBoot(request, elf, entry);
    if (header !== undefined) return planMultibootBoot(request, header);
    throw unsupportedKernel(kernel);
  }
  const header = findMultibootHeader(kernel);
  if (header?.addresses !== undefined) return planMultibootBoot(request, header);
  throw unsupportedKernel(kernel);
}
