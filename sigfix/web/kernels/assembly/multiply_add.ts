// The one operation that two builds of this folder tell apart (tests/tools/web_kernels.py): a
// processor multiplies and adds in one step, and rounds once, where relaxed SIMD says that it may.

/** x y + z. */
@inline
export function multiply_add(x: v128, y: v128, z: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(x, y, z) : f32x4.add(f32x4.mul(x, y), z);
}
