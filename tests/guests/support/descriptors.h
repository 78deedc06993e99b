// Segment descriptors, gates and task-state segments.
#pragma once
#include "machine.h"

// The order of the first selectors is what SYSCALL and SYSENTER demand.
#define KERNEL_CODE 0x08 // 64-bit in 64-bit guests
#define KERNEL_DATA 0x10
#define USER_CODE32 (0x18 | 3)
#define USER_DATA (0x20 | 3)
#define USER_CODE64 (0x28 | 3) // in 32-bit guests, 32-bit code like USER_CODE32
#define USER_DATA64 (0x30 | 3)
#define KERNEL_CODE32 0x38
#define TASK 0x40  // takes two slots in 64-bit guests
#define SPARE 0x50 // the first of the slots left to tests
#define GDT_SLOTS 32

// Access rights: the descriptor's bits 40 to 55 with the limit's nibble left out.
#define RIGHTS_CODE64 0xa09b
#define RIGHTS_CODE32 0xc09b
#define RIGHTS_CODE16 0x009b
#define RIGHTS_DATA 0xc093
#define RIGHTS_DATA16 0x0093
#define RIGHTS_DPL3 0x0060
#define RIGHTS_PRESENT 0x0080
#define RIGHTS_TASK32 0x0089
#define RIGHTS_TASK32_BUSY 0x008b
#define RIGHTS_TASK16 0x0081
#define RIGHTS_LDT 0x0082

#define GATE_TASK 0x85
#define GATE_CALL16 0x84
#define GATE_CALL 0x8c
#define GATE_INTERRUPT 0x8e
#define GATE_TRAP 0x8f
#define GATE_INTERRUPT16 0x86
#define GATE_TRAP16 0x87
#define GATE_DPL3 0x60

extern u64 gdt[GDT_SLOTS];

struct table_register {
  u16 limit;
  word base;
} PACKED;

struct task32 {
  u32 link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi;
  u32 es, cs, ss, ds, fs, gs, ldt;
  u16 debug_trap, io_map;
} PACKED;
struct task64 {
  u32 reserved;
  u64 rsp[3], reserved_ist, ist[7];
  u64 reserved2;
  u16 reserved3, io_map;
} PACKED;

// The limit is in bytes, or in pages less one when the rights have the granularity bit (0x8000).
u64 segment(u32 base, u32 limit, u32 rights);
void set_segment(u32 selector, u32 base, u32 limit, u32 rights);
void load_gdt(void);
void init_descriptors(void);

#ifdef __x86_64__
extern struct task64 task;
struct gate {
  u64 low, high;
};
#else
extern struct task32 task;
struct gate {
  u64 low;
};
#endif

// A gate that enters selector:offset. `stack` is the IST index or the parameter count of a call gate.
struct gate make_gate(word offset, u16 selector, u8 type, u8 stack);

static inline void load_task(u16 selector) { asm volatile("ltr %0" ::"r"(selector)); }
