// The processor as C sees it: fixed-size integers, control registers, MSRs, ports, CPUID.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long word; // as wide as a general register

#define PACKED __attribute__((packed))
#define ALIGNED(n) __attribute__((aligned(n)))

#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_AM (1u << 18)
#define CR0_PG (1u << 31)
#define CR4_VME (1u << 0)
#define CR4_PVI (1u << 1)
#define CR4_TSD (1u << 2)
#define CR4_DE (1u << 3)
#define CR4_PSE (1u << 4)
#define CR4_PAE (1u << 5)
#define CR4_PGE (1u << 7)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_UMIP (1u << 11)
#define CR4_LA57 (1u << 12)
#define CR4_PCIDE (1u << 17)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
#define FLAG_CF (1u << 0)
#define FLAG_FIXED (1u << 1)
#define FLAG_ZF (1u << 6)
#define FLAG_TF (1u << 8)
#define FLAG_IF (1u << 9)
#define FLAG_DF (1u << 10)
#define FLAG_IOPL (3u << 12)
#define FLAG_NT (1u << 14)
#define FLAG_RF (1u << 16)
#define FLAG_VM (1u << 17)
#define FLAG_AC (1u << 18)
#define FLAG_VIF (1u << 19)
#define FLAG_VIP (1u << 20)
#define MSR_APIC_BASE 0x1b
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define EFER_SCE (1u << 0)
#define EFER_LME (1u << 8)
#define EFER_LMA (1u << 10)
#define EFER_NXE (1u << 11)

#define CONTROL_REGISTER(name, register)                                                                              \
  static inline word read_##name(void) {                                                                              \
    word value;                                                                                                       \
    asm volatile("mov %%" register ", %0" : "=r"(value)::"memory");                                                   \
    return value;                                                                                                     \
  }                                                                                                                   \
  static inline void write_##name(word value) { asm volatile("mov %0, %%" register ::"r"(value) : "memory"); }
CONTROL_REGISTER(cr0, "cr0")
CONTROL_REGISTER(cr2, "cr2")
CONTROL_REGISTER(cr3, "cr3")
CONTROL_REGISTER(cr4, "cr4")
CONTROL_REGISTER(dr0, "dr0")
CONTROL_REGISTER(dr1, "dr1")
CONTROL_REGISTER(dr2, "dr2")
CONTROL_REGISTER(dr3, "dr3")
CONTROL_REGISTER(dr6, "dr6")
CONTROL_REGISTER(dr7, "dr7")

static inline void out8(u16 port, u8 value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static inline u8 in8(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static inline u64 read_msr(u32 number) {
  u32 low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
  return (u64)high << 32 | low;
}
static inline void write_msr(u32 number, u64 value) {
  asm volatile("wrmsr" ::"c"(number), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}
static inline u64 read_tsc(void) {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64)high << 32 | low;
}

struct cpuid {
  u32 a, b, c, d;
};
static inline struct cpuid cpuid(u32 leaf, u32 subleaf) {
  struct cpuid r;
  asm volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
  return r;
}
// Bits of CPUID leaves 1, 7 and 0x80000001.
static inline int has_vme(void) { return cpuid(1, 0).d >> 1 & 1; }
static inline int has_pcid(void) { return cpuid(1, 0).c >> 17 & 1; }
static inline int has_x2apic(void) { return cpuid(1, 0).c >> 21 & 1; }
static inline int has_tsc_deadline(void) { return cpuid(1, 0).c >> 24 & 1; }
static inline int has_smep(void) { return cpuid(7, 0).b >> 7 & 1; }
static inline int has_invpcid(void) { return cpuid(7, 0).b >> 10 & 1; }
static inline int has_smap(void) { return cpuid(7, 0).b >> 20 & 1; }
static inline int has_umip(void) { return cpuid(7, 0).c >> 2 & 1; }
static inline int has_la57(void) { return cpuid(7, 0).c >> 16 & 1; }
static inline int has_nx(void) { return cpuid(0x80000001, 0).d >> 20 & 1; }
static inline int has_giant_pages(void) { return cpuid(0x80000001, 0).d >> 26 & 1; }

// Processors differ in a few corners that the manuals of Intel and AMD describe differently.
static inline int is_intel(void) { return cpuid(0, 0).b == 0x756e6547; }

static inline void invlpg(const volatile void *address) { asm volatile("invlpg (%0)" ::"r"(address) : "memory"); }
static inline word read_flags(void) {
  word flags;
  asm volatile("pushf; pop %0" : "=r"(flags)::"memory");
  return flags;
}
static inline void write_flags(word flags) { asm volatile("push %0; popf" ::"r"(flags) : "memory", "cc"); }
static inline void barrier(void) { asm volatile("" ::: "memory"); }

void *memset(void *to, int value, __SIZE_TYPE__ length);
void *memcpy(void *to, const void *from, __SIZE_TYPE__ length);
