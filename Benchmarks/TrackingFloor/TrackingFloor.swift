// SPDX-License-Identifier: Apache-2.0

import Glibc
import TrackingLoop

#if Jemalloc
  private import CJemalloc
#endif

/// SizerBench's loop in a process that links the same allocator and not Sizer.
///
/// Its first line names the allocator. Then it runs the loop once with the numbers that it is given as arguments -
/// pairs, threads, further calls on the stack, objects that live, stacks in turns - or once for each line of them on
/// standard input, and answers each time with nanoseconds.
@main
enum TrackingFloor {
  static func main() {
    print(allocator)
    let arguments = CommandLine.arguments.dropFirst()
    if !arguments.isEmpty { return answer(Array(arguments)) }
    fflush(nil)  // nobody sees a line that waits in a buffer
    while let line = readLine() {
      answer(line.split(separator: " ").map { String($0) })
      fflush(nil)
    }
  }

  private static func answer(_ words: [String]) {
    let numbers = words.compactMap { Int($0) }
    let most = Churn.most
    let living = numbers.count > 3 ? numbers[3] : 1
    let stacks = numbers.count > 4 ? numbers[4] : 1
    guard (3...5).contains(words.count), numbers.count == words.count, (1...most.pairs).contains(numbers[0]),
      (1...most.threads).contains(numbers[1]), (0...most.extraCalls).contains(numbers[2]),
      (1...most.living).contains(living), (1...most.stacks).contains(stacks), living == 1 || stacks == 1
    else {
      complain(
        "usage: TrackingFloor [pairs threads calls [living [stacks]]]: 1 to \(most.pairs) pairs, 1 to \(most.threads) "
          + "threads, 0 to \(most.extraCalls) calls, 1 to \(most.living) objects that live, 1 to \(most.stacks) "
          + "stacks in turns, where one lives")
      exit(64)
    }
    let churn = Churn(pairs: numbers[0], threads: numbers[1], extraCalls: numbers[2], living: living, stacks: stacks)
    print(churn.nanosecondsPerPair)
  }

  private static var allocator: String {
    #if Jemalloc
      var version: UnsafePointer<CChar>?
      var size = MemoryLayout<UnsafePointer<CChar>?>.size
      guard mallctl("version", &version, &size, nil, 0) == 0, let version else { return "jemalloc" }
      return "jemalloc \(String(cString: version))"
    #else
      return "libc"
    #endif
  }
}
