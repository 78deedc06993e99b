#include "descriptors.h"

u64 gdt[GDT_SLOTS] ALIGNED(16);
static u8 kernel_stack[16384] ALIGNED(16);

u64 segment(u32 base, u32 limit, u32 rights) {
  return (u64)(limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)(rights & 0xf0ff) << 40 |
         (u64)(limit >> 16 & 15) << 48 | (u64)(base >> 24) << 56;
}

void set_segment(u32 selector, u32 base, u32 limit, u32 rights) { gdt[selector >> 3] = segment(base, limit, rights); }

void load_gdt(void) {
  struct table_register table = {sizeof gdt - 1, (word)gdt};
  asm volatile("lgdt %0" ::"m"(table));
}

#ifdef __x86_64__
struct task64 task ALIGNED(16);

struct gate make_gate(word offset, u16 selector, u8 type, u8 stack) {
  struct gate gate = {(offset & 0xffff) | (u64)selector << 16 | (u64)stack << 32 | (u64)type << 40 |
                          (u64)(offset >> 16 & 0xffff) << 48,
                      offset >> 32};
  return gate;
}
#else
struct task32 task ALIGNED(16);

struct gate make_gate(word offset, u16 selector, u8 type, u8 stack) {
  struct gate gate = {(offset & 0xffff) | (u64)selector << 16 | (u64)stack << 32 | (u64)type << 40 |
                      (u64)(offset >> 16) << 48};
  return gate;
}
#endif

void init_descriptors(void) {
#ifdef __x86_64__
  const u32 code = RIGHTS_CODE64;
  task.rsp[0] = (u64)(kernel_stack + sizeof kernel_stack);
  task.io_map = sizeof task;
  const u64 base = (u64)&task;
  gdt[(TASK >> 3) + 1] = base >> 32;
#else
  const u32 code = RIGHTS_CODE32;
  task.esp0 = (u32)(kernel_stack + sizeof kernel_stack);
  task.ss0 = KERNEL_DATA;
  task.io_map = sizeof task;
  const u32 base = (u32)&task;
#endif
  set_segment(KERNEL_CODE, 0, 0xfffff, code);
  set_segment(KERNEL_DATA, 0, 0xfffff, RIGHTS_DATA);
  set_segment(USER_CODE32, 0, 0xfffff, RIGHTS_CODE32 | RIGHTS_DPL3);
  set_segment(USER_DATA, 0, 0xfffff, RIGHTS_DATA | RIGHTS_DPL3);
  set_segment(USER_CODE64, 0, 0xfffff, code | RIGHTS_DPL3);
  set_segment(USER_DATA64, 0, 0xfffff, RIGHTS_DATA | RIGHTS_DPL3);
  set_segment(KERNEL_CODE32, 0, 0xfffff, RIGHTS_CODE32);
  set_segment(TASK, (u32)base, sizeof task - 1, RIGHTS_TASK32);
  load_gdt();
#ifdef __x86_64__
  asm volatile("pushq %0; pushq $1f; lretq; 1:" ::"i"(KERNEL_CODE) : "memory");
#else
  asm volatile("ljmp %0, $1f; 1:" ::"i"(KERNEL_CODE) : "memory");
#endif
  asm volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs; mov %0, %%ss" ::"r"(KERNEL_DATA) : "memory");
  load_task(TASK);
}
