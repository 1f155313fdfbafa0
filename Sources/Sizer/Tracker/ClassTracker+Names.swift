// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension ClassTracker {
  /// Tracks every instance that is made from now on of the classes that a pattern means by their names, whether they
  /// are public or private, the program's or a library's, met before or not.
  ///
  /// `*` stands for any characters, none too, everything else for itself: `"ShopCore.*"` means all classes of a module,
  /// `"*.Session"` those of a name. A class is called as in reports, `Module.Outer.Inner`, but a generic one without
  /// arguments (`"ShopCore.Box"` means `Box<Int>` and `Box<String>`), a private one without a number behind it, and one
  /// that is declared in an extension of another module's type by its own module and name. Classes that inherit have
  /// names of their own and are tracked when these are meant. None of Sizer's own classes is.
  ///
  ///     try tracker.track(classesNamed: "ShopCore.*")
  ///
  /// Each class is tracked under its own name, in reports and in files. Snapshots list those that an instance was seen
  /// of. A class that is tracked itself is tracked as ``track(class:name:resolutionLevel:keep:trace:)`` said; of
  /// several patterns the one that was given last holds; and only then what was said of a class it inherits from.
  /// Called again for a pattern, it replaces the options for the instances to come.
  ///
  /// A class is looked at when its first instance is made (some microseconds), and never again. The call itself looks
  /// at all classes of which objects were made since any class was tracked: less than a microsecond each.
  ///
  /// Patterns that mean the standard library's storage (`"*"`, `"Swift.*"`) track arrays, dictionaries and strings,
  /// those that Sizer makes for its own work too.
  /// - Parameters:
  ///   - pattern: a name, with or without `*`; at most 1,007 bytes of UTF-8.
  ///   - resolutionLevel: how many levels of named referents each snapshot records; 0 for none.
  ///   - keep: hold a strong reference to each instance, as long as it is tracked.
  ///   - trace: record the stack at each birth.
  /// - Throws: `invalidArgument` for a pattern that no class can be meant by, and for a negative level;
  ///   `unsupportedRuntime` when births can't be seen in this process or stacks can't be captured
  ///   (``HeapSizer/capabilities`` says why); `closed`; `outOfMemory`. Nothing is changed then.
  public func track(
    classesNamed pattern: String, resolutionLevel: Int = 0, keep: Bool = false, trace: Bool = false
  ) throws(SizerError) {
    let operation = "ClassTracker.track(classesNamed:resolutionLevel:keep:trace:)"
    let lifetimes = try lifetimes.get()
    try checkLevel(resolutionLevel, operation: operation)
    try checkPattern(pattern, operation: operation)
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.checkBirthsAreSeen(operation: operation)
      if trace { try Engine.checkStacksAreCaptured(operation: operation) }
      try state.withLock { (state) throws(SizerError) in
        try state.checkOpen(operation)
        let request = TrackRequest(
          name: nil, resolutionLevel: resolutionLevel, keep: keep, traceDepth: trace ? traceDepth : 0)
        try Engine.check(
          lifetimes.track(classesNamed: pattern, as: state.tracking(for: request)), operation: operation)
        state.patterns.insert(pattern)
      }
    }
  }

  /// Ends what ``track(classesNamed:resolutionLevel:keep:trace:)`` began with the same pattern: no new instances are
  /// tracked for its sake; those that are tracked stay so.
  ///
  /// - Throws: `notTracked` when the pattern is not tracked; `closed`.
  public func detach(classesNamed pattern: String) throws(SizerError) {
    let operation = "ClassTracker.detach(classesNamed:)"
    let lifetimes = try lifetimes.get()
    try Engine.preferringOwnStack { () throws(SizerError) in
      try state.withLock { (state) throws(SizerError) in
        try state.checkOpen(operation)
        guard state.patterns.remove(pattern) != nil else {
          throw SizerError(
            .notTracked, operation, "no classes are tracked by this pattern",
            advice: "give one that track(classesNamed:) was given")
        }
        lifetimes.untrack(classesNamed: pattern)
      }
    }
  }

  private func checkPattern(_ pattern: String, operation: String) throws(SizerError) {
    let bytes = pattern.utf8
    guard (1...Lifetimes.longestPattern).contains(bytes.count) else {
      throw SizerError(
        .invalidArgument, operation, "the pattern has \(bytes.count) bytes",
        advice: "use 1 to \(Lifetimes.longestPattern)")
    }
    // Copied from a report, where it tells classes apart that have one name.
    guard !bytes.contains(where: [0, UInt8(ascii: "<"), UInt8(ascii: "#")].contains) else {
      throw SizerError(
        .invalidArgument, operation, "no class has such a name",
        advice: "leave generic arguments (<…>) and numbers (#1) away")
    }
  }
}
