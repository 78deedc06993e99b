#!/bin/sh
# Makes the images of this folder anew, in the current folder, with QEMU's programs. What is in them, golden.test.ts says.
set -e

write() { # image, then offset length fill …
  image=$1
  shift
  while [ $# -gt 0 ]; do
    qemu-io -f "${format:-qcow2}" -c "write -P $3 $1 $2" "$image" >/dev/null
    shift 3
  done
}

# Compressed with deflate and with zstd, in clusters of 4 KiB and of 64 KiB.
format=raw
qemu-img create -q -f raw content 256k
write content 0 20k 0x11 20k 3k 0x22 100k 60k 0x33 255k 1k 0x44
format=qcow2
qemu-img convert -c -O qcow2 -o cluster_size=4k content deflate.qcow2
qemu-img convert -c -O qcow2 -o compression_type=zstd content zstd.qcow2

# Version 2, on a backing file, with two snapshots that share clusters with the disk.
qemu-img create -q -f raw base 128k
format=raw
write base 0 128k 0x55
format=qcow2
qemu-img create -q -f qcow2 -o compat=0.10,cluster_size=4k -b base -F raw snapshots.qcow2 256k
write snapshots.qcow2 0 8k 0x61 64k 8k 0x62
qemu-img snapshot -c one snapshots.qcow2
write snapshots.qcow2 4k 8k 0x63
qemu-img snapshot -c two snapshots.qcow2
write snapshots.qcow2 64k 4k 0x64 200k 512 0x65

# Zero clusters that keep their place, refcounts of one bit, and dirty: lazy refcounts, and a program that was killed.
qemu-img create -q -f qcow2 -o cluster_size=4k,refcount_bits=1,preallocation=metadata zeroes.qcow2 128k
write zeroes.qcow2 16k 16k 0x71
qemu-io -c 'write -z 20k 4k' zeroes.qcow2 >/dev/null
qemu-img create -q -f qcow2 -o cluster_size=4k,lazy_refcounts=on dirty.qcow2 128k
qemu-io -c 'write -P 0x81 8k 8k' -c flush -c abort dirty.qcow2 >/dev/null 2>&1 || true

for image in deflate zstd snapshots zeroes dirty; do gzip -9n "$image.qcow2"; done
rm content base
