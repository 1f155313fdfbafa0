// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no heap image.
public typealias HeapImageError = OperationError<HeapImageDomain>

/// Names the errors of heap images.
public enum HeapImageDomain {}

extension OperationError.Code where Domain == HeapImageDomain {
  /// The bytes are something else.
  public static var notAnImage: Self { Self("notAnImage") }
  /// A later version of Sizer wrote them.
  public static var newerVersion: Self { Self("newerVersion") }
  /// They were an image and are damaged: cut, overwritten or tampered with; the message says where.
  public static var corrupted: Self { Self("corrupted") }
  /// The system does not let the file be read; the message says why, and so does the cause.
  public static var unreadable: Self { Self("unreadable") }
}

extension OperationError where Domain == HeapImageDomain {
  private static var subject: String { "the image" }

  private init(_ code: Code, _ problem: String, advice: String) {
    self.init(code, "HeapImage(decoding:)", "\(Self.subject) \(problem)", advice: advice)
  }

  /// The bytes say at `place`, a section and a byte in it or a byte of all, what no image says.
  static func damage(_ problem: String, at place: String) -> Self {
    Self(.corrupted, "is damaged at \(place): \(problem)", advice: "use a copy from before the damage")
  }

  static func laterVersion(_ what: String) -> Self {
    Self(.newerVersion, "was written by a later version of Sizer: \(what)", advice: "use that one to read it")
  }

  static var otherFile: Self {
    Self(.notAnImage, "is no heap image", advice: "give what HeapGraph.write(to:) wrote")
  }

  static func unreadable(_ path: String, _ number: Int32) -> Self {
    let refusal = SystemRefusal(number: number)
    return Self(
      .unreadable, "HeapImage(contentsOf:)", path: path, "can't be read: \(refusal.reason)",
      advice: refusal.advice(or: "check the path, and what you may do there"), cause: .system(errno: number))
  }

  /// The same of the file that the bytes were read from.
  func naming(_ path: String) -> Self {
    var error = self
    (error.operation, error.path, error.message) = ("HeapImage(contentsOf:)", path, message(about: path))
    return error
  }

  /// What is wrong and what to do, said of something else than the file or "the image": "its third image".
  package func message(about subject: String) -> String {
    subject + message.dropFirst((path ?? Self.subject).count)
  }
}
