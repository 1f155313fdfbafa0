// SPDX-License-Identifier: Apache-2.0
import SizerGraph
public import SizerProfile

extension HeapGraph {
  /// Writes the image to a file, for `sizer heap` and its like, on this machine or another one. Only the owner may read
  /// it. A file that is there is replaced, when the new one is complete. The format: `Documents/heap-image.md`.
  ///
  /// - Throws: `systemRefused` when it can't be written.
  public func write(to path: String) throws(SizerError) {
    do throws(OutputError) {
      let file = try OutputFile(try OutputTarget(path: path), replaces: true, keepsOwner: false)
      try file.write(imageWithBirths.encoded())
      try file.finish()
    } catch {
      throw SizerError(
        .systemRefused, "HeapGraph.write(to:)", path: error.path, error.problem, advice: error.advice,
        cause: error.cause)
    }
  }

  /// The image in a file that ``write(to:)`` wrote, or in a profile that ``ClassTracker/recordHeap(_:mode:)`` put it
  /// into. The file may come from a stranger. Complexity: O(objects + references).
  ///
  ///     let graph = try HeapGraph(contentsOf: "server.sizer")
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - snapshot: the number of the snapshot that the image was recorded with; the last image unless given. Of no
  ///     meaning for a file of ``write(to:)``.
  /// - Throws: `notFound`, also when the profile has no such image, `cannotOpen`, `notAProfile`, `newerVersion`,
  ///   `corrupted`, and what else reading a profile throws.
  public init(contentsOf path: String, snapshot: Int? = nil) throws(ProfileError) {
    let operation = "HeapGraph(contentsOf:snapshot:)"
    let file = try HeapFile(at: path, operation: operation)
    let position =
      snapshot == nil || !file.isProfile
      ? file.entries.indices.last : file.entries.firstIndex { $0.snapshot == snapshot }
    guard let position else {
      throw ProfileError(
        .notFound, operation, path: path,
        "has no heap image" + (snapshot.map { " of snapshot \($0)" } ?? ""),
        advice: "record one with ClassTracker.recordHeap()")
    }
    self.init(try file.image(at: position))
  }
}
