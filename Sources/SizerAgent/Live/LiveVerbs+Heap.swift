// SPDX-License-Identifier: Apache-2.0
import Sizer

extension LiveVerbs {
  /// An image of the process as it is now, whose pause counts.
  func capture(edges: Bool = true) throws(SizerError) -> HeapGraph {
    let graph = try HeapGraph.capture(edges: edges)
    pauses.add(.nanoseconds(Int64(clamping: graph.image.info.pause)))
    return graph
  }

  func classes(limit: Int) throws -> HTTPResponse {
    let graph = try capture(edges: false)
    let info = graph.image.info
    let records = graph.classes
    let others = records.dropFirst(limit)
    return .json { json in
      json.texts(["program": info.program])
      json.figures(["process": Int(clamping: info.processID)])
      json.seconds("secondsSince1970", Int(clamping: info.time / 1_000_000))
      json.figures([
        "pauseMicroseconds": Int(clamping: info.pause / 1_000), "objects": records.reduce(0) { $0 &+ $1.count },
        "bytes": records.reduce(0) { $0 &+ $1.bytes },
      ])
      json.objects("classes", records.prefix(limit)) { json, record in
        json.texts(["type": record.typeName])
        json.figures([
          "count": record.count, "bytes": record.bytes, "requestedBytes": record.requestedBytes,
          "unusedCapacityBytes": record.unusedCapacityBytes,
        ])
      }
      json.object("others") {
        $0.figures([
          "types": others.count, "count": others.reduce(0) { $0 &+ $1.count },
          "bytes": others.reduce(0) { $0 &+ $1.bytes },
        ])
      }
      json.objects("ladder", graph.ladder) { json, rung in
        json.texts(["name": rung.name])
        json.figures(["bytes": rung.bytes])
      }
      json.figures(["resident": graph.ladder.reduce(0) { $0 &+ $1.bytes }])
    }
  }

  func heap() throws -> HTTPResponse {
    HTTPResponse(contentType: "application/octet-stream", body: .bytes(try capture().imageWithBirths.encoded()))
  }

  /// Two images prove what both show closed, if every thread has gone on between them; this one sleeps meanwhile.
  func leaks(limit: Int) throws -> HTTPResponse {
    let leaks = try HeapGraph.proveLeaks(patience: .seconds(3))
    return .json { $0.leaks(leaks, limit: limit) }
  }

  func why(_ name: String) throws -> HTTPResponse {
    var image = try capture().image
    image.shortenTexts()
    let finder = PathFinder(of: image)
    let address = name.hasPrefix("0x") ? UInt64(name.dropFirst(2), radix: 16) : nil
    let object = name.hasPrefix("0x") ? address.flatMap { image.object(at: $0) } : finder.nearest(of: name)
    guard let object else { throw HTTPRefusal(404, "no object of \(name) lives; GET /classes tells what does") }
    let (path, leftOut) = finder.path(to: object, ends: 1_000)
    let cycle = image.cycle(behind: path)
    return .json { $0.path(path, leftOut: leftOut, cycle: cycle) }
  }

  func tasks(limit: Int) throws -> HTTPResponse {
    let records = try capture().tasks
    return .json { json in
      json.objects("tasks", records.prefix(limit)) { json, record in
        json.key("creator")
        if let creator = record.creator { json.string(creator) } else { json.null() }
        json.texts(["function": record.function, "state": record.state])
        json.figures([
          "count": record.count, "bytes": record.bytes, "slabBytes": record.slabBytes,
          "retainedBytes": record.retainedBytes,
        ])
        json.frames(record.frames)
      }
    }
  }

  func retained(limit: Int) throws -> HTTPResponse {
    let image = try capture().image
    let rows = Dominators(of: image).classes()
    return .json { json in
      json.objects("classes", rows.prefix(limit)) { json, row in
        json.texts(["type": image.types[row.type].name])
        json.figures(["count": row.count, "bytes": row.bytes, "retainedBytes": row.retainedBytes])
      }
    }
  }
}
