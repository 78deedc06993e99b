// CRC32: the Castagnoli polynomial, bits reflected. SDM volume 2, CRC32.

/** What four bits shifted out of the remainder do to it. */
const TABLE: usize = memory.data<u32>([
  0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78,
  0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
]);

/** The remainder after `bytes` (1, 2, 4 or 8) more bytes, the low one of `value` first. */
export function crc32c(remainder: u32, value: u64, bytes: i32): u32 {
  let crc = remainder;
  let rest = value;
  for (let i = 0; i < bytes; i++) {
    crc ^= <u32>rest & 0xff;
    crc = (crc >> 4) ^ load<u32>(TABLE + ((crc & 15) << 2));
    crc = (crc >> 4) ^ load<u32>(TABLE + ((crc & 15) << 2));
    rest >>= 8;
  }
  return crc;
}
