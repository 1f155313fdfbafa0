// SPDX-License-Identifier: Apache-2.0
public import SizerGraph

/// What went wrong with a profile's file.
public typealias ProfileError = OperationError<ProfileDomain>

extension OperationError.Code where Domain == ProfileDomain {
  /// There is no such file, or no such folder.
  public static var notFound: Self { Self("notFound") }
  /// The system refuses to open or make the file; the message says why.
  public static var cannotOpen: Self { Self("cannotOpen") }
  /// There is a file already, and it is not overwritten.
  public static var alreadyExists: Self { Self("alreadyExists") }
  /// The file is something else: text, another program's database, nothing at all.
  public static var notAProfile: Self { Self("notAProfile") }
  /// A later version of Sizer wrote the file.
  public static var newerVersion: Self { Self("newerVersion") }
  /// The file was a profile and is damaged: cut, overwritten or tampered with.
  public static var corrupted: Self { Self("corrupted") }
  /// What is to be written contradicts itself or what is in the file; nothing of it was written.
  public static var inconsistent: Self { Self("inconsistent") }
  /// Somebody else holds the file.
  public static var busy: Self { Self("busy") }
  /// The disk, the quota or the process's limit on file sizes leaves no room.
  public static var full: Self { Self("full") }
  /// Reading or writing failed; the message says why.
  public static var ioFailure: Self { Self("ioFailure") }
  /// The system refused memory.
  public static var outOfMemory: Self { Self("outOfMemory") }
  /// The recording has ended, or belongs to the process that this one was forked from.
  public static var closed: Self { Self("closed") }
  /// The SQL is wrong, or asks for more than reading; the message says what.
  public static var invalidQuery: Self { Self("invalidQuery") }
}
