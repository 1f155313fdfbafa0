// SPDX-License-Identifier: Apache-2.0
import Sizer

extension LiveVerbs {
  func snapshot(labelled label: String) throws -> HTTPResponse {
    let snapshot = try tracker.createSnapshot(label, heap: .classes)
    let isRecording = tracker.isRecording
    return .json { json in
      json.texts(["label": snapshot.label])
      json.seconds("secondsSinceStart", snapshot.timestamp.milliseconds)
      json.figures([
        "pauseMicroseconds": Int(snapshot.pause / .microseconds(1)), "trackedBytes": snapshot.trackedBytes,
        "resident": snapshot.process.resident,
      ])
      json.flag("isRecorded", isRecording)
      json.objects("classes", snapshot.classes.sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }) {
        $0.texts(["name": $1.key])
        $0.figures(["active": $1.value.active, "bytes": $1.value.bytes])
      }
      json.key("error")
      if let error = snapshot.error { json.string(error) } else { json.null() }
    }
  }

  func track(_ pattern: String, trace: Bool) throws -> HTTPResponse {
    try tracker.track(classesNamed: pattern, trace: trace)
    return tracked()
  }

  func untrack(_ pattern: String) throws -> HTTPResponse {
    try tracker.detach(classesNamed: pattern)
    return tracked()
  }

  private func tracked() -> HTTPResponse { .json { $0.list("tracked", tracker.trackedPatterns) } }

  func profile() throws -> HTTPResponse {
    guard tracker.isRecording else {
      throw HTTPRefusal(
        409, "nothing is recorded; start the program by sizer run, or with SIZER_OUTPUT=FILE, or ask for /heap")
    }
    guard let file = try tracker.withCopyOfRecording({ MappedFile(path: $0) }) else {
      throw HTTPRefusal(503, "the system refused to read the copy; ask again")
    }
    return HTTPResponse(contentType: "application/octet-stream", body: .file(file))
  }
}
