// Guests of a few instructions: 32-bit code that Multiboot starts in protected mode with paging and interrupts off.

/** Where the kernels are loaded; their code begins 32 bytes later. */
const LOAD_ADDRESS = 0x100000;

/** A Multiboot kernel of this code, with the address form of the header (Multiboot 0.6.96, 3.1.4). */
function kernel(code: readonly number[]): Uint8Array {
  const [magic, flags] = [0x1badb002, 1 << 16];
  const header = [magic, flags, -(magic + flags), LOAD_ADDRESS, LOAD_ADDRESS, 0, 0, LOAD_ADDRESS + 32];
  return Buffer.concat([Buffer.from(Int32Array.from(header).buffer), Buffer.from(code)]);
}

// mov al, status; out 0xf4, al; jmp $
const exit = (value: number): number[] => [0xb0, value, 0xe6, 0xf4, 0xeb, 0xfe];

/** Ends at once with the status (value << 1) | 1. */
export const exits = (value: number): Uint8Array => kernel(exit(value));

/** Runs in a circle. */
export const spins: Uint8Array = kernel([0xeb, 0xfe]);

/** Halts with interrupts off. */
export const halts: Uint8Array = kernel([0xf4]);

// oxfmt-ignore
const echo = [
  0x66, 0xba, 0xfd, 0x03, // again: mov dx, 0x3fd
  0xec, 0xa8, 0x01, 0x74, 0xfb, // wait: in al, dx; test al, 1; jz wait
  0x66, 0xba, 0xf8, 0x03, 0xec, 0xee, // mov dx, 0x3f8; in al, dx; out dx, al
  0x3c, 0x71, 0x75, 0xed, // cmp al, 'q'; jne again
];

/** Sends back what COM1 receives; ends with the status 1 after a q. */
export const echoes: Uint8Array = kernel([...echo, ...exit(0)]);

// oxfmt-ignore
/** The same, but powers off after the q: SLP_EN and the SLP_TYP of S5 to PM1_CNT. */
export const echoesAndPowersOff: Uint8Array = kernel([
  ...echo,
  0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x34, 0x66, 0xef, // mov dx, 0x604; mov ax, 0x3400; out dx, ax
  0xeb, 0xfe, // jmp $
]);

// oxfmt-ignore
/** Sends `count` bytes to the serial port at `port`, the low bytes of a count down to 1, and ends with the status 1. */
export const sends = (count: number, port = 0x3f8): Uint8Array => kernel([
  0xb9, ...Buffer.from(Int32Array.of(count).buffer), // mov ecx, count
  0x66, 0xba, port & 0xff, port >> 8, // mov dx, port
  0x88, 0xc8, 0xee, 0xe2, 0xfb, // again: mov al, cl; out dx, al; loop again
  ...exit(0),
]);

/** What the guest of `sends` sends. */
export const sent = (count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, index) => count - index));

// oxfmt-ignore
/** Sends what could differ from run to run a thousand times: the time-stamp counter and a random number. */
export const wanders: Uint8Array = kernel([
  0xb9, 0xe8, 0x03, 0x00, 0x00, // mov ecx, 1000
  0x0f, 0x31, // again: rdtsc
  0x66, 0xba, 0xf8, 0x03, 0xee, // mov dx, 0x3f8; out dx, al
  0x0f, 0xc7, 0xf0, 0xee, // rdrand eax; out dx, al
  0xe2, 0xf3, // loop again
  ...exit(0),
]);

// oxfmt-ignore
/**
 * Sends a > and sleeps, until a byte v that COM1 receives ends it with the status (v << 1) | 1. The receive FIFO interrupts
 * at 14 bytes, so that a single one makes itself known by the FIFO's timeout.
 */
export const sleeps: Uint8Array = kernel([
  // In an interrupt descriptor table at 0x200000, vector 0x24 leads to the handler: its offset is 0x10009c.
  0xbf, 0x20, 0x01, 0x20, 0x00, 0xb8, 0x9c, 0x00, 0x10, 0x00, 0x89, 0xc3, // mov edi, 0x200120; mov eax, handler; mov ebx, eax
  0x25, 0xff, 0xff, 0x00, 0x00, 0x8c, 0xc9, 0xc1, 0xe1, 0x10, // and eax, 0xffff; mov ecx, cs; shl ecx, 16
  0x09, 0xc8, 0x89, 0x07, // or eax, ecx; mov [edi], eax
  0x81, 0xe3, 0x00, 0x00, 0xff, 0xff, // and ebx, 0xffff0000
  0x81, 0xcb, 0x00, 0x8e, 0x00, 0x00, 0x89, 0x5f, 0x04, // or ebx, 0x8e00; mov [edi + 4], ebx
  0x66, 0xc7, 0x05, 0x00, 0x08, 0x20, 0x00, 0xff, 0x07, // mov word [0x200800], 0x7ff
  0xc7, 0x05, 0x02, 0x08, 0x20, 0x00, 0x00, 0x00, 0x20, 0x00, // mov dword [0x200802], 0x200000
  0x0f, 0x01, 0x1d, 0x00, 0x08, 0x20, 0x00, // lidt [0x200800]
  0xbc, 0x00, 0x00, 0x30, 0x00, // mov esp, 0x300000
  // The interrupt controller: vectors from 0x20 on, and interrupt request 4 alone.
  0xb0, 0x11, 0xe6, 0x20, 0xb0, 0x20, 0xe6, 0x21, 0xb0, 0x04, 0xe6, 0x21, 0xb0, 0x01, 0xe6, 0x21, 0xb0, 0xef, 0xe6, 0x21,
  // The port: FCR = 0xc1, MCR = 0x0b, IER = 1, THR = '>'; each is mov dx, register; mov al, value; out dx, al.
  0x66, 0xba, 0xfa, 0x03, 0xb0, 0xc1, 0xee, 0x66, 0xba, 0xfc, 0x03, 0xb0, 0x0b, 0xee,
  0x66, 0xba, 0xf9, 0x03, 0xb0, 0x01, 0xee, 0x66, 0xba, 0xf8, 0x03, 0xb0, 0x3e, 0xee,
  0xfb, 0xf4, 0xeb, 0xfd, // sti; sleep: hlt; jmp sleep
  0x66, 0xba, 0xf8, 0x03, 0xec, 0xe6, 0xf4, // handler: mov dx, 0x3f8; in al, dx; out 0xf4, al
  0xeb, 0xfe, // jmp $
]);
