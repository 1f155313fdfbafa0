// SPDX-License-Identifier: Apache-2.0

import Foundation
import SizerReports

/// A page of a fleet's answers: figures that are known, and every text that breaks whoever does not expect it.
enum FleetSample {
  /// What its tables must show, the drawings' cells left empty.
  static let expected: [[String]] = [
    ["Shop.Session", "2.33 KB", "704 KB", "357 KB", "1.02 MB", "", "100 %", "15", "15"],
    ["Shop.Watcher", "0 B", "−556 KB", "−321 KB", "790 KB", "", "87 %", "15", "15"],
  ]

  private static let growth = """
    class,pods_a,pods_b,a_bytes_per_hour,b_bytes_per_hour,low,high,growing_b_percent
    Shop.Session,15,15,2389,720753,366057,1070671,100
    Shop.Watcher,15,15,0,-569059,-329121,808998,87
    """

  static func write(to folder: String) throws {
    let head = ["service", "version", "pod", "class", "bytes", "expected", "deviations", "file"]
    let rows = [head] + Hostile.texts.map { ["orders", $0, $0, $0, "974016", "16868", "14", $0] }
    let differ = rows.map { row in
      row.map { String(decoding: CSVWriter.cell($0, spellsControls: false), as: UTF8.self) }.joined(separator: ",")
    }.joined(separator: "\n")
    let answers = [growth, differ].compactMap { FleetAnswer($0) }
    let page = FleetPage(answers, title: Hostile.title) { $0.isEmpty ? nil : "shop.html" }
    try Data(page.bytes).write(to: URL(fileURLWithPath: "\(folder)/fleet.html"))
    try JSONEncoder().encode(expected).write(to: URL(fileURLWithPath: "\(folder)/fleet.json"))
  }
}
