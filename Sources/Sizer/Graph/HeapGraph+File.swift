// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import SizerProfile

extension HeapGraph {
  /// Writes the image to a file, for `sizer heap` and its like, on this machine or another one. Only the owner may read
  /// it. A file that is there is replaced, when the new one is complete. The format: `Documents/heap-image.md`.
  ///
  /// - Throws: `systemRefused` when it can't be written.
  public func write(to path: String) throws(SizerError) {
    do throws(OutputError) {
      let file = try OutputFile(try OutputTarget(path: path), replaces: true, keepsOwner: false)
      try file.write(image.encoded())
      try file.finish()
    } catch {
      throw SizerError(
        .systemRefused, "HeapGraph.write(to:)", path: error.path, error.problem, advice: error.advice,
        cause: error.cause)
    }
  }

  /// The image in a file; see ``SizerGraph/HeapImage/init(contentsOf:)``.
  public init(contentsOf path: String) throws(HeapImageError) {
    self.init(try HeapImage(contentsOf: path))
  }
}
