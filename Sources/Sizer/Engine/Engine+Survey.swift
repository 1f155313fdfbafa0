// SPDX-License-Identifier: Apache-2.0
import CSizer

extension Engine {
  /// What the layout compiler makes of all types that the images of this process declare.
  package struct Survey {
    /// Types that were compiled.
    package var compiledCount: Int
    /// Types that nobody was asked for: generic ones whose demands Int and String do not meet, and those without
    /// metadata.
    package var untriedCount: Int
    /// Names of those that have a part of which nothing is known.
    package var unresolvedNames: [String]
  }

  /// Tests only, where ``hasInvariants``: makes the metadata of every type of the process and compiles it, in a table
  /// of its own. `unsupportedRuntime` else.
  package static func survey() throws(SizerError) -> Survey {
    let operation = "Engine.survey"
    let layouts = try Layouts(excluding: HeapSizer.Options(), operation: operation)
    var counts = csizer_survey()
    var names: [String] = []
    let status = withUnsafeMutablePointer(to: &names) { names in
      csizer_survey_types(
        layouts.handle,
        { name, names in
          // Both pointers are good for the length of the call, by csizer_survey_types' manual.
          guard let name, let names else { return }
          names.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
        }, names, &counts)
    }
    try check(status, operation: operation)
    return Survey(compiledCount: counts.compiled, untriedCount: counts.untried, unresolvedNames: names)
  }
}
