// Copies of rows, for slices, splits and concatenations.

/** Copy `rows` rows of `bytes` (a multiple of four), each `from_next` and `to_next` bytes on. */
export function copy_rows(
  from: usize, from_next: i32, to: usize, to_next: i32, bytes: i32, rows: i32,
): void {
  for (let r = 0; r < rows; r++) {
    let i = 0;
    if (bytes > 1024) {
      memory.copy(to, from, bytes);
      i = bytes;
    }
    for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
    for (; i < bytes; i += 4) store<u32>(to + i, load<u32>(from + i));
    from += from_next;
    to += to_next;
  }
}
