// SPDX-License-Identifier: Apache-2.0

import SizerGraph
import SizerProfile
import SizerReports
import Testing

/// What the page's script is told of the ways in a heap.
@Suite struct HeapPageTests {
  private func page(_ image: HeapImage) throws -> (page: PageModel, heap: PageModel.Heap) {
    var history = randomHistory(seed: 1, objects: 3, snapshots: 2)
    history.heaps = [.init(snapshot: 1, heap: RecordedHeap(image))]
    let page = try PageModel.of(history)
    return (page, try #require(page.heap))
  }

  /// Steps as the page shows them.
  private func texts(_ numbers: [Int], _ page: PageModel) -> [String] {
    stride(from: 0, to: numbers.count, by: 3).map { start in
      page.texts[numbers[start]] + " \u{2192} " + page.texts[numbers[start + 1]] + (numbers[start + 2] == 1 ? "" : "?")
    }
  }

  @Test("a cycle through a function that captured one object has the function's name")
  func closure() throws {
    var builder = HeapImageBuilder()
    let session = builder.add(HeapType(name: "App.Session", fields: [.init(offset: 16, label: ".onEnd")]))
    let object = builder.addObject(at: 4096, type: session, bytes: 64, strongCount: 1)
    builder.addEdge(
      from: object, to: object, label: .slot(2), function: builder.label(.function, "closure #1 in App.login()"))
    let (page, heap) = try page(builder.image())
    let way = [".onEnd (closure #1 in App.login()) -> capture 1 \u{2192} App.Session"]
    #expect(heap.leaks.map { texts($0.cycle, page) } == [way])
  }

  @Test("why tasks are not known is told, and nothing when they are", arguments: ["", "the linker dropped them"])
  func lostTasks(reason: String) throws {
    var builder = HeapImageBuilder()
    _ = builder.addObject(at: 4096, type: builder.add(HeapType(name: "App.Node")), bytes: 64, strongCount: 1)
    builder.info.tasksReason = reason
    let (_, heap) = try page(builder.image())
    #expect(heap.noTasks == (reason.isEmpty ? nil : reason))
  }

  @Test("a root that is a word which may be old is in doubt, and others are not")
  func doubtfulRoot() throws {
    for (kind, mark) in [(HeapRoot.Kind.cMemory, "?"), (.stack, "?"), (.stackInUse, ""), (.global, "")] {
      var builder = HeapImageBuilder()
      let type = builder.add(HeapType(name: "App.Node"))
      let object = builder.addObject(at: 4096, type: type, bytes: 64, strongCount: 1)
      builder.add(HeapRoot(kind, of: object, reference: .uncertain, label: builder.label(.plain, "there")))
      let (page, heap) = try page(builder.image())
      let row = try #require(heap.types.first { page.texts[$0.name] == "App.Node" })
      #expect(texts(row.path ?? [], page) == [" \u{2192} App.Node\(mark)"])
      #expect(page.texts[row.root ?? 0].contains("there"))
    }
  }
}
