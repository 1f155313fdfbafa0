// SPDX-License-Identifier: Apache-2.0

/// Puts any value, noncopyable ones too, into a field of a heap object.
final class Held<Value: ~Copyable> {
  let value: Value
  @inline(never)
  init(_ value: consuming Value) { self.value = value }
}

/// `count` bytes that no type metadata describes, made at run time.
@inline(never)
func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: number(count)) }
