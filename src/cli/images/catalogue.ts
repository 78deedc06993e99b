// The images that `lodge image pull` can build.

interface AnyRecipe {
  readonly name: string;
  readonly summary: string;
  /** Debian's name of the architecture, as apt takes it. */
  readonly architecture: string;
  /** The kernel command line. */
  readonly append: string;
}

/** A kernel, and a busybox user space in its initial ramdisk, in the names of Debian's archive. */
export interface RamdiskRecipe extends AnyRecipe {
  readonly kind: 'ramdisk';
  /** The metapackage that depends on the current kernel. */
  readonly kernelPackage: string;
}

/** A whole system on a disk that keeps what is written to it. */
export interface DiskRecipe extends AnyRecipe {
  readonly kind: 'disk';
  /** Debian's name of the release. */
  readonly suite: string;
  /** What is installed besides the important packages; their dependencies come along, what they recommend does not. */
  readonly packages: readonly string[];
  /** The size of the disk, of which the host gives only what is written. */
  readonly mebibytes: number;
}

export type ImageRecipe = RamdiskRecipe | DiskRecipe;

// The kernel is Debian's own and so is its configuration; these parameters leave out work that a
// virtual machine has no use for (Linux admin-guide/kernel-parameters.rst):
// - mitigations=off: guest code runs as translated code, the flaws of real processors do not exist in it.
// - nokaslr: symbols stand where System.map says, which traces and debuggers rely on.
// - cryptomgr.notests: no self-tests of ciphers at every start.
// - init_on_alloc=0: a page is cleared when a program gets it, not also whenever the kernel takes one.
// - no_timer_check: that a tick came in time is not to be expected of a host that has other work to do.
// - tsc=reliable: every clock of the machine follows one time, so none has to watch over another.
const APPEND = 'console=ttyS0 mitigations=off nokaslr cryptomgr.notests init_on_alloc=0 no_timer_check tsc=reliable';

export const recipes: readonly ImageRecipe[] = [
  {
    kind: 'ramdisk',
    name: 'debian',
    summary: "Debian's x86-64 kernel with a busybox user space",
    architecture: 'amd64',
    kernelPackage: 'linux-image-cloud-amd64',
    append: APPEND,
  },
  {
    kind: 'ramdisk',
    name: 'debian-i386',
    summary: "Debian's 32-bit kernel with a busybox user space",
    architecture: 'i386',
    kernelPackage: 'linux-image-686',
    append: APPEND,
  },
  {
    kind: 'disk',
    name: 'debian-full',
    summary: 'Debian with systemd, ssh, python3 and gcc on a disk that keeps what is written to it',
    architecture: 'amd64',
    suite: 'bookworm',
    // oxfmt-ignore
    packages: [
      'linux-image-amd64', 'initramfs-tools', 'lz4', 'systemd-sysv', 'udev', 'dbus', 'openssh-server', 'openssh-client',
      'python3', 'gcc', 'libc6-dev', 'make', 'iproute2', 'iputils-ping', 'ca-certificates', 'curl', 'less', 'procps', 'kmod',
      'e2fsprogs', 'grub-pc-bin', 'grub2-common',
    ],
    mebibytes: 8192,
    append: `${APPEND} root=LABEL=lodge ro quiet`,
  },
];

/** The package that holds the user space of every image. */
export const USER_SPACE_PACKAGE = 'busybox-static';
