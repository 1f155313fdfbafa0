// SPDX-License-Identifier: Apache-2.0

/// Whose code a frame is. By image where the runtime is a library of its own, by symbol where it is linked in or was
/// specialised into the program.
package enum FrameOrigin {
  /// The program's, or a package's that it uses.
  case user
  /// Sizer's, the Swift runtime's, the standard library's, the allocator's.
  case runtime
  /// What starts programs and threads, below the first function that someone wrote.
  case start

  /// Judges by symbol (mangled, as the symbol table has it) first, then by the image's file name.
  package init(symbol: String?, image: String?) {
    let file = image.map { $0.split(separator: "/").last ?? "" } ?? ""
    // The preloaded agent: of Sizer's own file nothing is the program's, with symbols or without.
    if file.hasPrefix("libSizerAgent.") {
      self = .runtime
      return
    }
    if let symbol {
      // A versioned name comes as `__libc_start_main@GLIBC_2.2.5`.
      let name = symbol.prefix { $0 != "@" }
      if FrameOrigin.starters.contains(String(name)) || name.hasPrefix("_dispatch_") {
        self = .start
        return
      }
      if FrameOrigin.isRuntime(name) {
        self = .runtime
        return
      }
    }
    if file.hasPrefix("libswift") || file.hasPrefix("libjemalloc.") || file.hasPrefix("libunwind") {
      self = .runtime
    } else if file.hasPrefix("libdispatch.") || file.hasPrefix("ld-linux") || symbol == nil && file.hasPrefix("libc.so")
    {
      self = .start
    } else {
      self = .user
    }
  }

  private static let starters: Set<String> = [
    "_start", "__libc_start_main", "__libc_start_main_impl", "__libc_start_call_main", "start_thread", "clone",
    "clone3",
    "__clone", "__clone3",
  ]
  private static let allocators: Set<String> = [
    "malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "memalign",
  ]
  /// Modules whose code stands between a user's `init` and the allocation.
  private static let modules: Set<Substring> = [
    "Swift", "_Concurrency", "_StringProcessing", "_RegexParser", "Synchronization", "Observation", "Distributed",
    "Dispatch", "Runtime", "Sizer", "SizerProfile",
  ]

  private static func isRuntime(_ name: Substring) -> Bool {
    if let mangled = name.hasPrefix("$s") || name.hasPrefix("$S") ? name.dropFirst(2) : nil {
      return isLibrary(mangled)
    }
    return name.hasPrefix("swift_") || name.hasPrefix("_swift_") || name.hasPrefix("csizer_") || name.hasPrefix("je_")
      || isCxxRuntime(name) || allocators.contains(String(name))
  }

  /// The namespace `swift` of the runtime's C++, and its file-local functions `_ZL…swift_…`.
  private static func isCxxRuntime(_ name: Substring) -> Bool {
    ["_ZN5swift", "_ZNK5swift", "_ZNSt", "_ZNKSt"].contains { name.hasPrefix($0) }
      || name.hasPrefix("_ZL") && name.dropFirst(3).drop { $0.isNumber }.hasPrefix("swift_")
  }

  /// A mangled name begins with its context: `s` is Swift, `S` with a letter a type of Swift's (but `So` is C's), a
  /// number and as many characters a module. An extension by the user says so: `Sa4DemoE3fooyyF` is Demo's
  /// `Array.foo()`.
  private static func isLibrary(_ mangled: Substring) -> Bool {
    guard let first = mangled.first else { return false }
    if first.isNumber { return identifier(at: mangled.startIndex, of: mangled).map { modules.contains($0) } ?? false }
    guard first == "s" || first == "S" && !["o", "C"].contains(mangled.dropFirst().first) else { return false }
    return extendingModule(of: mangled).map { modules.contains($0) } ?? true
  }

  private static func extendingModule(of mangled: Substring) -> Substring? {
    var index = mangled.startIndex
    while index < mangled.endIndex {
      guard mangled[index].isNumber, let name = identifier(at: index, of: mangled) else {
        index = mangled.index(after: index)
        continue
      }
      index = name.endIndex
      if index < mangled.endIndex, mangled[index] == "E" { return name }
    }
    return nil
  }

  private static func identifier(at start: Substring.Index, of mangled: Substring) -> Substring? {
    let digits = mangled[start...].prefix { $0.isNumber }
    guard let length = Int(digits), length > 0, length < mangled.utf8.count else { return nil }
    let name = mangled[digits.endIndex...].prefix(length)
    return name.count == length ? name : nil
  }
}

/// The frames that tell a user where something was made: without what leads from there to the allocation, and without
/// what started the program or thread. When nothing else is there, all frames.
package func userFrames<Frame>(of frames: [Frame], origin: (Frame) -> FrameOrigin) -> ArraySlice<Frame> {
  guard let first = frames.firstIndex(where: { origin($0) == .user }),
    let last = frames.lastIndex(where: { origin($0) == .user })
  else { return frames[...] }
  return frames[first...last]
}
