// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerGraph

/// An image with something in every section, the same for the same seed.
func randomImage(seed: UInt64, objects: Int, edgesEach: Int = 2) -> HeapImage {
  var dice = SeededGenerator(seed: seed)
  var builder = HeapImageBuilder()
  let types = addTypes(to: &builder)
  let texts = (0..<5).map { builder.label(HeapLabel.Kind.allCases[$0], "text \($0) äöü") }
  for number in 0..<objects {
    // Downwards and with gaps, so that the builder has something to sort.
    let bytes = 16 << dice.below(4)
    _ = builder.addObject(
      at: 0x7f00_0000_0000 - UInt64(number) * 256, type: types[dice.below(types.count)], bytes: bytes,
      requestedBytes: dice.chance(0.8) ? bytes - dice.below(9) : nil,
      strongCount: dice.chance(0.01) ? 1_000_000 : dice.below(4),
      unownedCount: dice.chance(0.1) ? dice.below(300) : 0, weakCount: dice.chance(0.1) ? dice.below(300) : 0,
      flags: dice.chance(0.1) ? HeapImage.Flags(rawValue: 1 << UInt16(dice.below(7))) : [])
  }
  for _ in 0..<(objects * edgesEach) {
    let labels: [HeapEdge.Label] = [
      .slot(dice.below(8)), .slot(dice.below(1 << 28)), .text(texts[dice.below(5)]), .rawSlot(dice.below(40)),
      .element(dice.below(1000)),
    ]
    builder.addEdge(
      from: dice.below(objects), to: dice.below(objects), kind: HeapEdge.Kind.allCases[dice.below(4)],
      label: labels[dice.below(5)], function: dice.chance(0.05) ? texts[0] : nil,
      enumCase: dice.chance(0.3) ? texts[dice.below(5)] : nil)
  }
  addRecords(to: &builder, texts: texts, objects: objects, &dice)
  return builder.image()
}

private func addTypes(to builder: inout HeapImageBuilder) -> [Int] {
  let fields = [HeapType.Field(offset: 16, label: ".first"), .init(offset: 32, label: ".second.loaded")]
  return [
    builder.add(HeapType(name: "App.Session", module: "App", instanceBytes: 48, fields: fields)),
    builder.add(HeapType(name: "closure context", kind: .closureContext, fields: fields)),
    builder.add(
      HeapType(
        name: "Array<App.Session>", module: "Swift", kind: .arrayStorage, fields: [],
        tail: .init(
          offset: 32, stride: 24, fields: [.init(offset: 0, label: ".key"), .init(offset: 16, label: ".value")]))),
  ]
}

private func addRecords(
  to builder: inout HeapImageBuilder, texts: [Int], objects: Int, _ dice: inout SeededGenerator
) {
  builder.info.program = "server"
  builder.info.buildID = "00ff"
  builder.info.writer = "a test"
  builder.info.time = 1_700_000_000_000_000_000
  builder.info.isFrozen = true
  builder.info.skippedCount = 3
  builder.info.tasksReason = "nobody knows them"
  builder.threads = [HeapThread(id: 77, state: .asleep, processorTime: 1 << 40, sleepCount: 9, name: "NIO-0")]
  builder.ladder = [HeapRung(name: "Swift objects", bytes: 1 << 30), HeapRung(name: "rest", bytes: -4096)]
  builder.sizeClasses = [8, 16, 32, 48, 64, 80, 96, 112, 128, 160]
  for index in 0..<min(objects, 20) {
    let object = dice.below(objects)
    builder.add(HeapRawBlock(owner: object, bytes: 64, requestedBytes: dice.chance(0.5) ? 60 : nil, label: texts[1]))
    builder.add(
      HeapRoot(
        HeapRoot.Kind.allCases[dice.below(7)], of: object, reference: HeapEdge.Kind.allCases[dice.below(4)],
        label: dice.chance(0.5) ? texts[0] : nil, offset: dice.below(64)))
    builder.add(
      HeapTask(
        object: object, state: HeapTask.State.allCases[dice.below(6)], slabBytes: 1024, parent: nil, function: texts[0],
        creator: nil, frames: [texts[0], nil, texts[2]]))
    builder.add(HeapSlice(buffer: object, holder: dice.chance(0.5) ? 0 : nil, usedBytes: 16, label: texts[3]))
    builder.name(index, label: texts[dice.below(5)])
    builder.setBirth(of: index, label: texts[dice.below(5)])
    builder.setUnusedCapacity(of: index, bytes: dice.below(100_000))
    builder.setContentHash(of: index, dice.next())
  }
}
