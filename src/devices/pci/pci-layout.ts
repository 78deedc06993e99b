/** PCI interrupts A to D of slot n come to these pins of the I/O APIC, rotated by n. */
const PCI_INTERRUPTS = [16, 17, 18, 19] as const;

/**
 * The global system interrupt that a function's interrupt pin is wired to.
 * @param slot 0 to 31
 * @param pin 0 for INTA to 3 for INTD
 */
export const pciInterrupt = (slot: number, pin: number): number => PCI_INTERRUPTS[(slot + pin) & 3] as number;

/** The configuration space of bus 0 in memory: 4 KiB a function (PCI Express Base 4.0, 7.2.2). The MCFG table tells of it. */
export const ECAM_ADDRESS = 0xe000_0000;
export const ECAM_LENGTH = 0x10_0000;

/** The window for the memory of PCI devices ends below the I/O APIC. */
export const PCI_WINDOW_LAST = 0xfebf_ffff;
