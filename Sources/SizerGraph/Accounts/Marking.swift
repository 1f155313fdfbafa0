// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// Which objects something outside holds, directly or through others. 1 for each that is held.
  ///
  /// - Parameter countingUncertain: Uncertain edges explain counts and are followed.
  func marked(by account: ReferenceAccount, countingUncertain: Bool) -> [UInt8] {
    var marks = [UInt8](repeating: 0, count: objectCount)
    var queue: [UInt32] = []
    for object in 0..<objectCount where account.isRoot(object, countingUncertain: countingUncertain) {
      marks[object] = 1
      queue.append(UInt32(object))
    }
    follow(from: &queue, &marks) { $0.isCertain || countingUncertain && $0.isStrong }
    return marks
  }

  /// Marks all that is reached from what waits in `queue` and is not marked yet.
  func follow(from queue: inout [UInt32], _ marks: inout [UInt8], _ isFollowed: (EdgeCode) -> Bool) {
    // Unsafe buffers: this visits each edge of the heap; targets and starts were checked when the image was made.
    marks.withUnsafeMutableBufferPointer { marks in
      edgeStart.withUnsafeBufferPointer { starts in
        edgeTarget.withUnsafeBufferPointer { targets in
          edgeCode.withUnsafeBufferPointer { codes in
            while let object = queue.popLast() {
              for edge in Int(starts[Int(object)])..<Int(starts[Int(object) + 1]) {
                let target = targets[edge]
                guard marks[Int(target)] == 0, isFollowed(EdgeCode(bits: codes[edge])) else { continue }
                marks[Int(target)] = 1
                queue.append(target)
              }
            }
          }
        }
      }
    }
  }
}
