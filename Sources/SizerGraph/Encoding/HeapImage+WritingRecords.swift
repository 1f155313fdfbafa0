// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  func writeRecords(_ writer: inout FrameWriter) {
    writeRawBlocks(&writer)
    writer.begin(.root)
    for root in roots {
      writer.varint(UInt64(root.kind.rawValue) << 2 | UInt64(root.reference.rawValue))
      writer.varint(root.object)
      writer.optionalIndex(root.label)
      writer.varint(root.offset)
    }
    writer.begin(.task)
    for task in tasks { write(task, &writer) }
    writer.begin(.thread)
    for thread in threads {
      writer.varint(thread.id)
      writer.byte(thread.state.rawValue)
      writer.varint(thread.processorTime)
      writer.varint(thread.sleepCount)
      writer.text(thread.name)
    }
    writer.begin(.ladder)
    for rung in ladder {
      writer.text(rung.name)
      writer.signed(rung.bytes)
    }
    writeSlices(&writer)
    writer.begin(.sizeClasses)
    var before = 0
    for size in sizeClasses {
      writer.varint(size - before)
      before = size
    }
  }

  private func writeRawBlocks(_ writer: inout FrameWriter) {
    writer.begin(.raw)
    var owner = 0
    for block in rawBlocks {
      writer.signed(block.owner - owner)
      owner = block.owner
      writer.varint(block.bytes / 8)
      writer.varint(block.requestedBytes.map { block.bytes - $0 + 1 } ?? 0)
      writer.optionalIndex(block.label)
    }
  }

  private func write(_ task: HeapTask, _ writer: inout FrameWriter) {
    writer.optionalIndex(task.object)
    writer.varint(Int(task.state.rawValue))
    writer.varint(task.slabBytes)
    writer.optionalIndex(task.parent)
    writer.optionalIndex(task.function)
    writer.optionalIndex(task.creator)
    writer.varint(task.frames.count)
    for frame in task.frames { writer.optionalIndex(frame) }
  }

  private func writeSlices(_ writer: inout FrameWriter) {
    writer.begin(.slice)
    var buffer = 0
    for slice in slices {
      writer.signed(slice.buffer - buffer)
      buffer = slice.buffer
      writer.optionalIndex(slice.holder)
      writer.varint(slice.usedBytes)
      writer.optionalIndex(slice.label)
    }
  }
}
