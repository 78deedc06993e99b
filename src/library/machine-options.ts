import type { EngineName } from '../machine/engine-name.ts';

/** A Multiboot module: the name of a file, or its bytes, and what the kernel is told about it (nothing when absent). */
export interface MachineModule {
  readonly data: string | Uint8Array;
  readonly commandLine?: string | undefined;
}

export interface MachineOptions {
  /** The kernel, the name of a file or its bytes: a Linux bzImage, or an ELF file with a PVH note or a Multiboot header. */
  readonly kernel: string | Uint8Array;
  /** The initial ramdisk, the name of a file or its bytes. None when absent. */
  readonly initrd?: string | Uint8Array | undefined;
  /** The kernel's command line. Empty when absent. */
  readonly append?: string | undefined;
  /** Multiboot modules. None when absent. */
  readonly modules?: readonly MachineModule[] | undefined;
  /** Guest memory: bytes, at least 1 MiB, or a size such as '256M' or '1G'. 512 MiB when absent. */
  readonly memory?: number | string | undefined;
  /**
   * What time in the guest follows: the host's time ('host', when absent), or the retired instructions, so that the same
   * input gives the same run.
   */
  readonly clock?: 'host' | 'instructions' | undefined;
  /** What runs the guest: the interpreter, the translator, or ('auto', when absent) each where it is the faster. */
  readonly engine?: EngineName | undefined;
  /** Whether `statistics()` tells how many instructions retire in translated code, which costs a little time. False when absent. */
  readonly countEngines?: boolean | undefined;
  /** Disks, as `lodge run --disk` takes them, such as 'disk.qcow2' or 'disk.img,snapshot'. None when absent. */
  readonly disks?: readonly string[] | undefined;
  /** Directories that the guest mounts by 9P, as `lodge run --share` takes them: 'DIRECTORY:TAG[,readonly]'. None when absent. */
  readonly shares?: readonly string[] | undefined;
  /** Where the network card leads, as `lodge run --network` takes it. 'user' with `publish` or `allow`, else 'none', when absent. */
  readonly network?: string | undefined;
  /** Ports of the host that lead to the guest, as `lodge run --publish` takes them: '8080:80'. None when absent. */
  readonly publish?: readonly string[] | undefined;
  /** What the guest may reach, as `lodge run --allow` takes it: 'deb.debian.org:80'. Everything when absent. */
  readonly allow?: readonly string[] | undefined;
  /** Whether the guest's image has Lodge's agent, for `spawn`, `exec`, `copyIn` and `copyOut`. False when absent. */
  readonly agent?: boolean | undefined;
  /** Devices beyond those every board has: 'debug-exit' ends the machine when the guest writes to port 0xF4. */
  readonly devices?: readonly string[] | undefined;
}
