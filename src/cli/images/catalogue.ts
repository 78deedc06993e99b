// The images that `lodge image pull` can build.

/** What an image is made of, in the names of Debian's archive. */
export interface ImageRecipe {
  readonly name: string;
  readonly summary: string;
  /** Debian's name of the architecture, as apt takes it. */
  readonly architecture: string;
  /** The metapackage that depends on the current kernel. */
  readonly kernelPackage: string;
  /** The kernel command line. */
  readonly append: string;
}

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
    name: 'debian',
    summary: "Debian's x86-64 kernel with a busybox user space",
    architecture: 'amd64',
    kernelPackage: 'linux-image-cloud-amd64',
    append: APPEND,
  },
  {
    name: 'debian-i386',
    summary: "Debian's 32-bit kernel with a busybox user space",
    architecture: 'i386',
    kernelPackage: 'linux-image-686',
    append: APPEND,
  },
];

/** The package that holds the user space of every image. */
export const USER_SPACE_PACKAGE = 'busybox-static';
