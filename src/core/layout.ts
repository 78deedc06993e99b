// Where everything lives in machine memory. The one file of offsets: the AssemblyScript core, the
// generated interpreter and plain TypeScript all import it, so it may hold nothing but integer constants
// and pure functions of integers (AssemblyScript infers i32 for them, TypeScript infers number).
//
// A cell runs one vCPU at a time, so the running vCPU's state sits at fixed addresses: generated code
// reaches a register with one instruction. Switching vCPUs copies [STATE, STATE_END).

// ---- The running vCPU ------------------------------------------------------------------------------
export const STATE = 0x400;

/** 16 general registers, 8 bytes each, in encoding order (RAX RCX RDX RBX RSP RBP RSI RDI R8…R15). */
export const GPR = 0x400;
/** 8 bytes that are always zero: the "register" of an absent base, index or segment base. */
export const ZERO = 0x480;
/** 8 bytes that are always 0x10000: the index of a RIP-relative operand whose folded displacement overflows. */
export const WIDE_STEP = 0x488;
/**
 * i64. While a block runs, RIP of an instruction is CODE_PAGE plus the page offset kept in its record. In
 * 64-bit mode CODE_PAGE is the guest-virtual page; in legacy modes it is EIP minus the *linear* page
 * offset, so it may be "negative" and the sum is masked to the code size.
 */
export const CODE_PAGE = 0x490;
/** i64. RIP at an instruction boundary; valid only outside of blocks. */
export const RIP = 0x498;
/** Arithmetic flags are lazy, in the manner of ARITHMETIC below. i64: the sign-extended result (ZF, SF, PF). */
export const FLAG_RESULT = 0x4a0;
/**
 * i64. Bit 63 CF; bit 62 CF^OF; bit 3 AF; bit 0 is XORed into SF; bits 8-15 are XORed into the low result
 * byte before PF is taken. So ZF = (result == 0), SF = (result < 0) ^ bit 0, PF = even parity of
 * ((result ^ (aux >> 8)) & 0xff).
 */
export const FLAG_AUX = 0x4a8;
// How a region of translated code keeps the flags that its last instruction left: a kind, and two i64 called a and b. Of
// those of a width, the two low bits are log2 of the operand's bytes, and a and b are zero-extended.
/** They are in FLAG_RESULT and FLAG_AUX. */
export const FLAGS_STORED = 0;
/** a is what FLAG_RESULT would be, b what FLAG_AUX would be. */
export const FLAGS_WORDS = 1;
/** Those of a + b. */
export const FLAGS_SUM = 4;
/** Those of a - b. */
export const FLAGS_DIFFERENCE = 8;
/** ZF, SF and PF of a, the others 0. */
export const FLAGS_LOGIC = 12;
/** Those of an INC or DEC with the result a; b is the CF before. */
export const FLAGS_INCREMENT = 16;
export const FLAGS_DECREMENT = 20;
/** u32. All other RFLAGS bits in place (TF IF DF IOPL NT RF VM AC VIF VIP ID); bit 1 set; CF PF AF ZF SF OF zero here. */
export const RFLAGS = 0x4b0;
/** i32. Instructions left before control goes back to the run loop. A block subtracts its count on entry. */
export const BUDGET = 0x4b4;
/** i32. The part of the slice taken out of BUDGET so that the next block boundary is looked at (a pending interrupt). */
export const SLICE_LEFT = 0x4b8;
/** i32. BUDGET plus SLICE_LEFT when the slice began: retired = RETIRED + SLICE - BUDGET - SLICE_LEFT. */
export const SLICE = 0x4bc;
/** i64. Instructions retired before this slice. */
export const RETIRED = 0x4c0;
/** u32. Record of the instruction that called a core routine: what RIP is taken from when it faults. */
export const CURRENT = 0x4c8;
/** u32. Why control left guest code (an EXIT_ value). */
export const EXIT_REASON = 0x4cc;
/** u32. 1 while an external interrupt waits (set by the board through `requestInterrupt`). */
export const INTERRUPT_PENDING = 0x4d0;
/** u32. 1 for the one boundary after STI, MOV SS or POP SS at which interrupts are not taken. */
export const INTERRUPT_SHADOW = 0x4d4;
/** u32. 1 while an NMI waits; NMI_BLOCKED is 1 from its delivery to the next IRET. */
export const NMI_PENDING = 0x4d8;
export const NMI_BLOCKED = 0x4dc;
/** i32. Vector of the exception being raised (-1: none), its error code (-1: none), and whether it is a software interrupt. */
export const FAULT_VECTOR = 0x4e0;
export const FAULT_CODE = 0x4e4;
/** In FAULT_VECTOR, for a region: no exception, but the interpreter has to execute the instruction, which reaches a device. */
export const FAULT_INTERPRET = -2;
/** i32. Vector under delivery, -1 when none: a fault meanwhile becomes a double or triple fault. */
export const DELIVERING = 0x4e8;
/** u32. Privilege level, 0…3. */
export const CPL = 0x4ec;
/** u32. The MODE_ bits below: what a decoded block depends on. */
export const MODE = 0x4f0;
/** u32. Base address of the TLB in use: a function of address-space slot and TLB context. */
export const TLB_BASE = 0x4f4;
/** i64. Generation of the virtual-to-block map (high half) | user bit (bit 31) | MODE: tag of jump cache entries. */
export const CODE_CONTEXT = 0x4f8;

// Segment registers and system segments, 32 bytes each: base u64, limit u32 (bytes, already scaled by G),
// attributes u32 (bits 8-23 of the descriptor's high dword, in place: type 8-11, S 12, DPL 13-14, P 15, AVL 20,
// L 21, D/B 22, G 23; bit 0 set = null or unusable), selector u32.
export const SEGMENT_ES = 0x500;
export const SEGMENT_CS = 0x520;
export const SEGMENT_SS = 0x540;
export const SEGMENT_DS = 0x560;
export const SEGMENT_FS = 0x580;
export const SEGMENT_GS = 0x5a0;
export const SEGMENT_LDTR = 0x5c0;
export const SEGMENT_TR = 0x5e0;
export const SEGMENT_GDTR = 0x600;
export const SEGMENT_IDTR = 0x620;
export const SEGMENT_BASE = 0;
export const SEGMENT_LIMIT = 8;
export const SEGMENT_ATTRIBUTES = 12;
export const SEGMENT_SELECTOR = 16;

/** u32, i64, i64. The flags on the way from one region to the next; anywhere else the kind is FLAGS_STORED. */
export const FLAG_KIND = 0x73c;
export const FLAG_A = 0xcc0;
export const FLAG_B = 0xcc8;

// Control, debug and model-specific registers, i64 each.
export const CR0 = 0x640;
export const CR2 = 0x648;
export const CR3 = 0x650;
export const CR4 = 0x658;
export const CR8 = 0x660;
export const XCR0 = 0x668;
export const DR0 = 0x670; // DR0…DR7, 8 bytes apart
export const MSR_EFER = 0x6b0;
export const MSR_STAR = 0x6b8;
export const MSR_LSTAR = 0x6c0;
export const MSR_CSTAR = 0x6c8;
export const MSR_SFMASK = 0x6d0;
export const MSR_KERNEL_GS_BASE = 0x6d8;
export const MSR_SYSENTER_CS = 0x6e0;
export const MSR_SYSENTER_ESP = 0x6e8;
export const MSR_SYSENTER_EIP = 0x6f0;
export const MSR_TSC_AUX = 0x6f8;
export const MSR_PAT = 0x700;
export const MSR_TSC_ADJUST = 0x708;
/** i64. What a TSC write added to the clock's count. */
export const TSC_OFFSET = 0x710;
export const PDPTE0 = 0x718; // four PDPTEs, loaded by MOV CR3 in PAE mode (SDM 3A 4.4.1)
/** u32. Line-number bits of address-space slots and the like are private to the core; see `address-space.ts` there. */
export const ADDRESS_SPACE_SLOT = 0x738;

// x87 and SSE.
export const FPU_CONTROL = 0x740; // u16
export const FPU_STATUS = 0x744; // u16 without TOP
/** Error summary: an unmasked exception is pending. In FPU_STATUS. */
export const FPU_STATUS_ES = 0x80;
export const FPU_TOP = 0x748; // u32, 0…7
export const FPU_TAG = 0x74c; // u8, one bit a *physical* register: 1 = not empty (FXSAVE's abridged form)
export const FPU_OPCODE = 0x750; // u16, 11 bits
export const FPU_IP = 0x758; // u64
export const FPU_IP_SELECTOR = 0x760; // u16
export const FPU_DP = 0x768; // u64
export const FPU_DP_SELECTOR = 0x770; // u16
export const MXCSR = 0x774; // u32
/** 8 physical x87 registers R0…R7 of 16 bytes: significand u64, then sign and exponent u16. MMX registers are the significands. */
export const FPR = 0x780;
/** 16 XMM registers, 64 bytes apart (room for wider vectors). */
export const XMM = 0x800;
export const XMM_STRIDE = 64;

/** 128 bytes through which core routines hand back results that do not fit a return value. */
export const RESULT = 0xc00;
/** 64 bytes: loads and stores that cannot go straight to a frame (MMIO, page crossing) use this as their target. */
export const BOUNCE = 0xc80;
/** Private to the core: 0xd00…0xfff. */
export const CORE_PRIVATE = 0xd00;
export const STATE_END = 0x1000;

// ---- The cell --------------------------------------------------------------------------------------
/** u32 each. Address of the p2m and the number of frames it covers. */
export const P2M = 0x1000;
export const P2M_COUNT = 0x1004;
/** u32 each. Frame allocator: next never-used frame address, end of frames, head of the free list (0: empty), frames in use. */
export const FRAME_NEXT = 0x1008;
export const FRAME_END = 0x100c;
export const FRAME_FREE = 0x1010;
export const FRAMES_USED = 0x1014;
/** u32. Machine address of the frame of zeros that stands for RAM which was never written. */
export const ZERO_FRAME = 0x1018;
/** u32. Address of the frame flags table: one byte a machine frame of the whole memory. */
export const FRAME_FLAGS = 0x101c;
/** u32. Next free byte of the block arena, and its end. */
export const ARENA_NEXT = 0x1020;
export const ARENA_END = 0x1024;
/** u32. Counts up whenever decoded code is dropped because its bytes changed. */
export const CODE_DROPPED = 0x1028;
/** u32 each. Tables by machine frame: code bytes (u64: a bit for 64 bytes), head of its chain of blocks (u32), TLB lines that may write it (u32). */
export const CODE_MAPS = 0x102c;
export const FRAME_BLOCKS = 0x1030;
export const WRITE_LINES = 0x1034;
/** u32. Machine address of a frame of ones: what fetches and page walks see where there is no memory. */
export const OPEN_BUS_FRAME = 0x1038;
/** i64 each, counted for --stats. */
export const COUNT_TLB_FILLS = 0x1040;
export const COUNT_PAGE_FAULTS = 0x1048;
export const COUNT_INTERRUPTS = 0x1050;
export const COUNT_EXCEPTIONS = 0x1058;
export const COUNT_MMIO = 0x1060;
export const COUNT_PORT_IO = 0x1068;
export const COUNT_BLOCK_LOOKUPS = 0x1070;
export const COUNT_CODE_DROPPED = 0x1078;

/** Static data of the AssemblyScript core (its `--memoryBase`), up to TLB. */
export const CORE_DATA = 0x4000;

// ---- TLB ---------------------------------------------------------------------------------------------
// For each address-space slot (a CR3/PCID in recent use) and each context one direct-mapped table. An entry of 32 bytes:
// readTag i64, writeTag i64, executeTag i64 (the guest-virtual page address, or -1), addend i32 (machine page address minus
// the low 32 bits of the guest-virtual page), unused u32.
export const TLB = 0x40000;
export const TLB_ENTRIES = 4096;
export const TLB_ENTRY_SIZE = 32;
export const TLB_READ_TAG = 0;
export const TLB_WRITE_TAG = 8;
export const TLB_EXECUTE_TAG = 16;
export const TLB_ADDEND = 24;
export const TLB_SIZE = 0x20000; // TLB_ENTRIES * TLB_ENTRY_SIZE
export const TLB_SLOTS = 8;
/** Contexts: user; supervisor with access to user pages; supervisor without (SMAP, AC clear); never filled (alignment checks, data breakpoints). */
export const TLB_CONTEXT_USER = 0;
export const TLB_CONTEXT_SUPERVISOR = 1;
export const TLB_CONTEXT_SUPERVISOR_SMAP = 2;
export const TLB_CONTEXT_CHECKED = 3;
export const TLB_CONTEXTS = 4;
export const TLB_END = 0x440000; // TLB + TLB_SLOTS * TLB_CONTEXTS * TLB_SIZE

// ---- Decoded code --------------------------------------------------------------------------------------
/**
 * Jump cache: direct-mapped, entry (RIP ^ RIP >>> 12) & 65535 by the low 32 bits of RIP; an entry of 32 bytes: RIP i64,
 * CODE_CONTEXT i64, address of the block's first record u32. On a hit CODE_PAGE becomes RIP minus the record's RECORD_OFFSET.
 */
export const JUMP_CACHE = 0x440000;
export const JUMP_CACHE_ENTRIES = 65536;
export const JUMP_CACHE_ENTRY_SIZE = 32;
/** Hash table of blocks by machine address and mode: heads of chains, u32 each. */
export const BLOCK_HASH = 0x640000;
export const BLOCK_HASH_ENTRIES = 262144;
/** Where decoded code is kept: about three million instructions, more than a compiler and its assembler have. When it is full, all is dropped. */
export const ARENA = 0x740000;
export const ARENA_SIZE = 0x8000000;
/** First byte after the arena: tables sized at run time (frame flags, code maps, p2m) and then the frames. */
export const DYNAMIC = 0x8740000;

// A block: this header, then its records, of which the first shares a cache line with the header. Links, jump cache entries
// and dispatch all carry the address of the first record.
export const BLOCK_NEXT = 0; // u32, next in the hash chain
export const BLOCK_ADDRESS = 4; // u32, machine address of its first byte
export const BLOCK_MODE = 8; // u32
export const BLOCK_COUNT = 12; // u32, instructions
export const BLOCK_SECOND = 16; // u32, machine address of the second page when its one instruction crosses a page, else 0
export const BLOCK_EXECUTIONS = 20; // u32, for finding hot code
export const BLOCK_FRAME_NEXT = 24; // u32, next block of the same frame
export const BLOCK_BYTES = 28; // u16, length of its code in bytes
export const BLOCK_HANDLER = 30; // u16, the handler of its first record, also while a region stands in for that
export const BLOCK_HEADER = 32;
export const BLOCK_ALIGNMENT = 64;

// A record: one decoded instruction.
export const RECORD_HANDLER = 0; // u32, index into the handler table
export const RECORD_OFFSET = 4; // u16, page offset of the instruction's first byte
export const RECORD_LENGTH = 6; // u8, bytes
export const RECORD_REMAINING = 7; // u8, instructions of the block from this one on, itself included
export const RECORD_A = 8; // u16, address of the first register operand in the CPU state; of an x87 instruction: its opcode as FOP has it
export const RECORD_B = 10; // u16, address of the second register operand
export const RECORD_BASE = 12; // u16, address of the base register (or ZERO, CODE_PAGE)
export const RECORD_INDEX = 14; // u16, address of the index register (or ZERO, WIDE_STEP)
export const RECORD_SEGMENT_BASE = 16; // u16, address of the segment's base (or ZERO)
export const RECORD_ADDRESSING = 18; // u8, scale (bits 0-1), segment number (bits 2-4), address size (bits 5-6: 0 = 16, 1 = 32, 2 = 64)
export const RECORD_C = 19; // u8, the third register operand as a byte offset from GPR
export const RECORD_DISPLACEMENT = 20; // i32
export const RECORD_IMMEDIATE = 24; // i64; of a relative jump: target minus CODE_PAGE
export const RECORD_SIZE = 32;
// A direct jump has no memory operand; these reuse its fields. 0: not linked (yet). Only targets in the same page are ever linked.
export const RECORD_LINK_TAKEN = 16; // u32, first record of the target block
export const RECORD_LINK_NEXT = 20; // u32, first record of the block that follows in memory

// Where such a jump, or the end of a block, last led when that was no place to link to, because it is in another page.
export const RECORD_HINT_TAKEN = 8; // u32, first record of the block there
export const RECORD_HINT_NEXT = 12; // u32

// A region of several pages has a descriptor: a u32 for each address-space slot, with the generation (high half of
// CODE_CONTEXT) for which its pages were last found where they have to be, then these:
export const REGION_PAGE_COUNT = 32; // u32
export const REGION_ENTRY_PAGE = 40; // i64, CODE_PAGE of the entry for which that holds
export const REGION_PAGES = 48;
export const REGION_PAGE_SIZE = 16;
export const REGION_PAGE_DISTANCE = 0; // i64, of the page's address from CODE_PAGE of the entry, bytes
export const REGION_PAGE_FRAME = 8; // u32, machine address of the frame that has to be there
export const REGION_PAGE_BLOCK = 12; // u32, a block with bytes in the frame, which is dropped when the frame's code is

// MODE bits. What a decoded block depends on besides its bytes.
export const MODE_CODE_16 = 0; // bits 0-1: default code size
export const MODE_CODE_32 = 1;
export const MODE_CODE_64 = 2;
export const MODE_CODE_MASK = 3;
export const MODE_STACK_32 = 4; // SS.B outside 64-bit mode
export const MODE_PROTECTED = 8; // CR0.PE and not virtual-8086
/** Bit 4 + segment number (ES CS SS DS FS GS): accesses need no limit or type check (64-bit mode, or a flat writable data segment, which CS never is). */
export const MODE_UNCHECKED_ES = 0x10;
export const MODE_UNCHECKED_SS = 0x40;
export const MODE_UNCHECKED_ALL = 0x3f0;
/** Code fetches need no limit check. */
export const MODE_CODE_UNCHECKED = 0x400;
/** One instruction a block, debug events are looked at after each: RFLAGS.TF or an enabled code breakpoint. */
export const MODE_STEP = 0x800;
export const MODE_EM = 0x1000; // CR0.EM
export const MODE_TS = 0x2000; // CR0.TS
export const MODE_OSFXSR = 0x4000; // CR4.OSFXSR
export const MODE_OSXSAVE = 0x8000; // CR4.OSXSAVE
export const MODE_LONG = 0x10000; // EFER.LMA (compatibility mode too)
/** ES, SS and DS begin at 0; not in 64-bit mode, where they always do. */
export const MODE_ZERO_BASES = 0x20000;

// p2m entries: machine address of the frame in bits 12-31, these in the low bits. 0: nothing there (goes to the MMIO bus).
export const P2M_RAM = 1; // a frame is present
export const P2M_READ_ONLY = 2; // writes go to the slow path: ROM ignores them, a shared frame is copied
export const P2M_UNPOPULATED = 4; // RAM that has no frame yet: reads see ZERO_FRAME, the first write allocates
export const P2M_ROM = 8;

// Frame flags.
export const FRAME_CODE = 1; // holds bytes of decoded code: writes take the slow path

// Why control left guest code: what `run` gives back and what is counted.
export const EXIT_RESUME = 0; // nothing to do: look at RIP and go on
export const EXIT_BUDGET = 1; // the slice is used up
export const EXIT_DECODE = 2; // no block for RIP yet: DECODE_ADDRESS tells where its bytes are
export const EXIT_HALT = 3; // HLT
export const EXIT_SHUTDOWN = 4; // triple fault
export const EXIT_REQUEST = 5; // a device asked for the run loop (power-off, reset, pause)
export const EXIT_COUNT = 6;
/** u32. With EXIT_DECODE: machine address of the bytes at RIP; and of the page after, which the decoder asks for only when needed. */
export const DECODE_ADDRESS = 0x1080;

/** u32. With EXIT_DECODE: MODE to decode for; with MODE_STEP a block of one instruction, which MODE itself need not ask for. */
export const DECODE_MODE = 0x1084;
/** u32. Blocks that became hot since the translator last looked, and the addresses of their first records, u32 each. */
export const HOT_COUNT = 0x1088;
export const HOT_QUEUE = 0x1090;
export const HOT_QUEUE_ENTRIES = 256;
/** i64. Instructions retired in regions, when they are counted. */
export const COUNT_IN_REGIONS = 0x1490;
/** u32. A block is reported when its executions AND this mask are zero: a power of two less one. */
export const HOT_MASK = 0x108c;
/** u32. The same for a block that has a region, when another region leads to it. */
export const BUSY_MASK = 0x1498;
/**
 * u32, then entries. Jumps to addresses that were not known before, from one region to another, as far as blocks were
 * reported: record of the jump u32, first record of the target u32, distance of the target's page from the jump's i64.
 */
export const JUMP_COUNT = 0x149c;
export const JUMP_QUEUE = 0x14a0;
export const JUMP_QUEUE_ENTRIES = 64;
export const JUMP_QUEUE_ENTRY_SIZE = 16;

// Exception vectors.
export const VECTOR_DE = 0;
export const VECTOR_DB = 1;
export const VECTOR_NMI = 2;
export const VECTOR_BP = 3;
export const VECTOR_OF = 4;
export const VECTOR_BR = 5;
export const VECTOR_UD = 6;
export const VECTOR_NM = 7;
export const VECTOR_DF = 8;
export const VECTOR_TS = 10;
export const VECTOR_NP = 11;
export const VECTOR_SS = 12;
export const VECTOR_GP = 13;
export const VECTOR_PF = 14;
export const VECTOR_MF = 16;
export const VECTOR_AC = 17;
export const VECTOR_XM = 19;
