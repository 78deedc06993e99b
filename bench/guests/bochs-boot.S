# The boot sector of a disk that Bochs starts Linux from: Bochs itself loads no kernel. Behind the sector come the pieces
# that `bochs-disk.ts` puts there; their table is at `pieces`. Each is read by the firmware (int 13h, extended read) and
# moved above 1 MiB by the firmware too (int 15h, AH=87h). Then the kernel is entered by its 32-bit protocol.
.code16
.equ CHUNK, 64          # sectors a read: 32 KiB
.equ BUFFER, 0x10000
.globl _start
_start:
  xor %ax, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  mov $0x7c00, %sp
  mov %dl, drive
  mov $pieces, %bp
piece:
  mov 4(%bp), %ecx      # sectors that are left of this piece
  test %ecx, %ecx
  jz next
  mov $CHUNK, %eax
  cmp %eax, %ecx
  jae 1f
  mov %ecx, %eax
1: mov %ax, packet + 2
  mov 0(%bp), %edx
  mov %edx, packet + 8
  push %eax
  mov $packet, %si
  mov drive, %dl
  mov $0x42, %ah
  int $0x13
  jc failed
  mov 8(%bp), %edx      # where it goes, into the descriptor's two fields
  mov %dx, target + 2
  shr $16, %edx
  mov %dl, target + 4
  mov %dh, target + 7
  mov $descriptors, %si
  mov $CHUNK * 256, %cx
  mov $0x87, %ah
  int $0x15
  jc failed
  pop %eax
  add %eax, 0(%bp)
  sub %eax, 4(%bp)
  shl $9, %eax
  add %eax, 8(%bp)
  jmp piece
next:
  add $12, %bp
  cmpl $0, 8(%bp)
  jne piece

  cli
  in $0x92, %al         # address line 20
  or $2, %al
  out %al, $0x92
  lgdt flat_register
  mov %cr0, %eax
  or $1, %al
  mov %eax, %cr0
  ljmpl $0x10, $protected
failed:
  hlt
  jmp failed

.code32
protected:
  mov $0x18, %ecx
  mov %ecx, %ds
  mov %ecx, %es
  mov %ecx, %ss
  mov entry, %eax
  mov parameters, %esi
  xor %ebx, %ebx
  xor %ebp, %ebp
  xor %edi, %edi
  jmp *%eax

.balign 4
drive: .byte 0
.balign 4
packet: .byte 16, 0
  .word 0, 0, BUFFER >> 4
  .quad 0
descriptors:
  .quad 0, 0
  .word 0xffff, BUFFER & 0xffff
  .byte BUFFER >> 16, 0x93, 0, 0
target: .word 0xffff, 0
  .byte 0, 0x93, 0, 0
  .quad 0, 0
.balign 8
flat: .quad 0, 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
flat_register: .word 31
  .long flat
.org 0x1b0
entry: .long 0          # the kernel's 32-bit entry
parameters: .long 0
# For each piece its first sector, the number of sectors and the address; an address of 0 ends the table.
pieces: .fill 13, 4, 0
.org 0x1fe
  .word 0xaa55
