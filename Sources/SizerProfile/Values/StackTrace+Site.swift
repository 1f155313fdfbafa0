// SPDX-License-Identifier: Apache-2.0
import SizerGraph

extension StackTrace {
  /// How many of the innermost calls come before the place that a reader looks for: the first call of the program's own
  /// code that is not an initialiser of the object that was made. 0 when no call is of that kind.
  ///
  /// Before it may stand the class's `__allocating_init` and its own `init`, the standard library's and other packages'
  /// code, and what the compiler made.
  package var siteDepth: Int {
    var made: Set<Substring> = []
    var depth = 0
    while depth < frameCount, let function = frame(at: depth).function {
      let name = SiteName(function)
      if let type = name.allocatingInitialiserOf {
        made.insert(type)
      } else if !(name.initialiserOf.map { made.contains($0) } ?? false) {
        break
      }
      depth += 1
    }
    for index in depth..<max(frameCount, depth) where frame(at: index).isOwn { return index }
    // Nothing is the program's own: what called the initialiser is as good as any.
    return depth < frameCount ? depth : 0
  }

  /// The frame that ``siteDepth`` leads to; nil for a trace without frames.
  package var site: Frame? { frameCount > 0 ? frame(at: siteDepth) : nil }
}

/// A function's name as far as it says who makes objects.
private struct SiteName {
  private let head: Substring

  init(_ function: String) {
    var name = function[...]
    for prefix in ["merged ", "specialized ", "partial apply for "] where name.hasPrefix(prefix) {
      name = name.dropFirst(prefix.count)
    }
    // The labels go; what stands before them ends in the function's own name.
    head = name.prefix { $0 != "(" }
  }

  var allocatingInitialiserOf: Substring? { type(before: ".__allocating_init") }
  var initialiserOf: Substring? { type(before: ".init") }

  private func type(before suffix: String) -> Substring? {
    head.hasSuffix(suffix) ? head.dropLast(suffix.count) : nil
  }
}

extension StackTrace.Frame {
  /// Whether the call is of the program's own code, as far as anybody can tell by file and library.
  fileprivate var isOwn: Bool {
    guard let function, !function.hasPrefix("protocol witness for ") else { return false }
    if let image {
      let library = image.lastPathComponent
      if Self.libraries.contains(where: { library.hasPrefix($0) }) { return false }
    }
    guard let file else { return image != nil }
    return !Self.foreignFiles.contains { file.holds($0) }
  }

  /// What comes with the system or the toolchain.
  private static let libraries = [
    "libswift", "libFoundation", "lib_Foundation", "lib_Internals", "libdispatch", "libBlocksRuntime", "libc.so",
    "libc-", "libm.so", "libpthread", "libstdc++", "libgcc_s", "libjemalloc", "ld-linux", "libXCTest", "libTesting",
  ]
  /// The standard library's files as its debug information has them, what the compiler made, and other packages'.
  private static let foreignFiles = ["<compiler-generated>", "/stdlib/public/", "/checkouts/", "/swift-corelibs-"]
}
