// B [K, N] of a product, packed into panels of eight columns, [N / 8, K, 8], the last one filled up
// with zeros: the inner loop then reads it front to back, four rows of A at a time.

/** Bytes of the panels of a [k, n] matrix. */
@inline
export function panel_bytes(k: i32, n: i32): i32 {
  return ((n + 7) >> 3) * k << 5;
}

/** Pack B [k, n], whose rows are `stride` bytes apart. */
export function pack(b: usize, stride: i32, panels: usize, k: i32, n: i32): void {
  let to = panels;
  for (let j = 0; j < n; j += 8) {
    let from = b + (j << 2);
    if (j + 8 <= n) {
      for (let i = 0; i < k; i++) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        from += stride;
        to += 32;
      }
    } else {
      for (let i = 0; i < k; i++) {
        for (let e = 0; e < 8; e++) {
          store<f32>(to + (e << 2), j + e < n ? load<f32>(from + (e << 2)) : 0);
        }
        from += stride;
        to += 32;
      }
    }
  }
}

/** Pack the transpose of B [n, k]: eight of its rows become a panel. */
export function pack_transposed(b: usize, panels: usize, k: i32, n: i32): void {
  const row = k << 2;
  for (let j = 0; j < n; j += 8) {
    const panel = panels + j * row;
    for (let e = 0; e < 8; e += 4) {
      const from = b + (j + e) * row, to = panel + (e << 2);
      let i = 0;
      if (j + e + 4 <= n) {
        for (; i + 4 <= k; i += 4) {
          const p = from + (i << 2), q = to + (i << 5);
          const r0 = v128.load(p), r1 = v128.load(p + row);
          const r2 = v128.load(p + 2 * row), r3 = v128.load(p + 3 * row);
          const lo01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), hi01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
          const lo23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), hi23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
          v128.store(q, v128.shuffle<f32>(lo01, lo23, 0, 1, 4, 5));
          v128.store(q, v128.shuffle<f32>(lo01, lo23, 2, 3, 6, 7), 32);
          v128.store(q, v128.shuffle<f32>(hi01, hi23, 0, 1, 4, 5), 64);
          v128.store(q, v128.shuffle<f32>(hi01, hi23, 2, 3, 6, 7), 96);
        }
      }
      for (; i < k; i++) {
        for (let l = 0; l < 4; l++) {
          const value: f32 = j + e + l < n ? load<f32>(from + l * row + (i << 2)) : 0;
          store<f32>(to + (i << 5) + (l << 2), value);
        }
      }
    }
  }
}
