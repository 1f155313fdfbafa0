// SPDX-License-Identifier: Apache-2.0
public import SizerProfile

/// Why a report could not be written.
public typealias ReportError = OperationError<ReportDomain>

/// Names the errors of reports.
public enum ReportDomain {}

extension OperationError.Code where Domain == ReportDomain {
  /// The path names nothing that a file can be put at; the message says why.
  public static var invalidPath: Self { Self("invalidPath") }
  /// The system refused to make, write or rename the file.
  public static var notWritable: Self { Self("notWritable") }
  /// The disk or the user's quota is full.
  public static var diskFull: Self { Self("diskFull") }
}
