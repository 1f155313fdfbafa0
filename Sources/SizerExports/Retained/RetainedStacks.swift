// SPDX-License-Identifier: Apache-2.0

package import SizerGraph
import SizerProfile

/// What lives, by who retains it: a stack is the types on the way through what keeps objects alive, the outermost
/// first, as calls are in a profile of a processor. A frame's width in a flame graph is what its objects retain.
///
/// Objects of one type that one object retains are one stack, and so are links of a list.
package struct RetainedStacks {
  struct Stack {
    /// Numbers of names, the outermost first.
    var frames: [Int]
    var objects: Int
    /// Their own bytes, with raw blocks.
    var bytes: Int
  }

  /// More than anybody looks at; what is smaller is one stack of its own.
  private static let most = 20_000

  private var table = NumberTable<String>()
  var names: [String] { table.keys }
  private(set) var stacks: [Stack] = []
  let info: HeapImageInfo
  let provenance: Provenance

  /// The stacks of an image; what they have is all that the image has. Complexity: O(objects + references).
  ///
  /// - Parameter provenance: nil: what the image knows of it.
  package init(of image: HeapImage, _ provenance: Provenance? = nil) {
    info = image.info
    self.provenance = provenance ?? Provenance(of: info)
    let tree = RetainedTree(of: image, Dominators(of: image), limit: Self.most)
    for node in tree.nodes {
      var frames: [Int]
      if let parent = node.parent {
        frames = stacks[parent].frames
      } else {
        frames = node.isLeaked ? [table("(leaked)")] : []
      }
      frames.append(table(node.typeName))
      stacks.append(Stack(frames: frames, objects: node.objects.count, bytes: node.bytes))
    }
    if tree.leftOut.objects > 0 {
      let rest = table("(smaller groups)")
      stacks.append(Stack(frames: [rest], objects: tree.leftOut.objects, bytes: tree.leftOut.bytes))
    }
  }

  /// Collapsed stacks, as flame graph tools read them: a line for each, `App.Store;App.Session 4096`, in bytes.
  package func writeCollapsed<Output: TextOutputStream>(to output: inout Output) {
    var buffer = ExportBuffer()
    // What separates frames and lines must not be in one.
    let texts = table.keys.map { VisibleText.of($0).putting(",", for: ";") }
    for stack in stacks where stack.bytes > 0 {
      buffer.add(stack.frames.map { texts[$0] }.joined(separator: ";"))
      buffer.add(" ")
      buffer.add(stack.bytes)
      buffer.add("\n")
      buffer.flush(to: &output)
    }
    buffer.flush(to: &output, always: true)
  }

  /// A file of speedscope's (www.speedscope.app), with two profiles: bytes and objects.
  package func writeSpeedscope<Output: TextOutputStream>(to output: inout Output) {
    var buffer = ExportBuffer()
    buffer.add("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n\"shared\":{\"frames\":[")
    for (number, name) in names.enumerated() {
      buffer.add(number > 0 ? ",\n{\"name\":" : "{\"name\":")
      buffer.string(name)
      buffer.add("}")
    }
    buffer.add("]},\n\"profiles\":[")
    write("retained bytes", unit: "bytes", \.bytes, to: &buffer, &output)
    buffer.add(",\n")
    write("objects", unit: "none", \.objects, to: &buffer, &output)
    buffer.add("],\n\"name\":")
    buffer.string(provenance.title)
    buffer.nextKey("exporter")
    buffer.string((["sizer"] + provenance.lines).joined(separator: " "))
    buffer.add("}\n")
    buffer.flush(to: &output, always: true)
  }

  private func write<Output: TextOutputStream>(
    _ name: String, unit: String, _ figure: (Stack) -> Int, to buffer: inout ExportBuffer, _ output: inout Output
  ) {
    buffer.add("{\"type\":\"sampled\",\"name\":")
    buffer.string(name)
    buffer.nextKey("unit")
    buffer.string(unit)
    buffer.add(",\"startValue\":0")
    buffer.nextKey("endValue")
    buffer.add(stacks.reduce(0) { $0 &+ figure($1) })
    buffer.add(",\n\"samples\":[")
    for (number, stack) in stacks.enumerated() {
      buffer.add(number > 0 ? ",\n[" : "[")
      buffer.add(stack.frames.map(String.init).joined(separator: ","))
      buffer.add("]")
      buffer.flush(to: &output)
    }
    buffer.add("],\n\"weights\":[")
    for (number, stack) in stacks.enumerated() {
      if number > 0 { buffer.add(",") }
      buffer.add(figure(stack))
      buffer.flush(to: &output)
    }
    buffer.add("]}")
  }

  /// A profile that pprof reads: objects and bytes, with the type as the label `class`.
  package func pprof() -> [UInt8] {
    var encoder = PprofEncoder(program: info.program, provenance)
    for stack in stacks {
      encoder.add(trace(of: stack), typeName: typeName(of: stack), count: stack.objects, bytes: stack.bytes)
    }
    return encoder.finished(time: info.time)
  }

  /// As if it were one of calls, the innermost first. Calls have addresses; a type's is its number.
  func trace(of stack: Stack) -> StackTrace {
    StackTrace(frames: stack.frames.reversed().map { StackTrace.Frame(address: UInt64($0) + 2, function: names[$0]) })
  }

  func typeName(of stack: Stack) -> String { names[stack.frames[stack.frames.count - 1]] }
}
