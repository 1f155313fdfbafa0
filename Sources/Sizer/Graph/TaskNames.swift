// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// What names say of the functions of an image, by the numbers of their labels.
struct TaskFunctions {
  private var origins: [Int: FrameOrigin] = [:]
  private var adapters: Set<Int> = []

  /// Notes a function that has a name now.
  mutating func note(_ label: Int, symbol: String, name: String, file: String) {
    origins[label] = FrameOrigin(symbol: symbol, image: file)
    // What only stands between a closure and who calls it. The runtime's demangler and others call it differently.
    let plain = name.hasPrefix("specialized ") ? name.dropFirst("specialized ".count) : name[...]
    if plain.hasPrefix("reabstraction thunk") || plain.hasPrefix("thunk for ") { adapters.insert(label) }
  }

  fileprivate func isAdapter(_ label: Int) -> Bool { adapters.contains(label) }

  fileprivate func isUsers(_ label: Int) -> Bool { !isAdapter(label) && origin(label) == .user }

  fileprivate func origin(_ label: Int) -> FrameOrigin { origins[label] ?? .user }
}

extension HeapImage {
  /// Gives tasks frames and creators that a user knows: without the runtime's functions around his own, each once,
  /// though it goes on in many places; and who made a closure instead of the closure.
  mutating func nameTasks(_ functions: TaskFunctions) {
    guard !tasks.isEmpty else { return }
    var firsts: [String: Int] = [:]
    let same = labels.indices.map { number in
      guard labels[number].kind == .function else { return number }
      let text = labels[number].text
      if firsts[text] == nil { firsts[text] = number }
      return firsts[text]!
    }
    var makers: [Int: Int] = [:]
    for number in Set(tasks.flatMap { [$0.creator].compactMap(\.self) + $0.frames.compactMap(\.self) }) {
      let maker = Self.maker(of: labels[number].text)
      makers[number] = maker == labels[number].text ? same[number] : functionLabel(maker)
    }
    changeTasks { task in
      let frames = functions.frames(of: task)
      let isKnown = task.creator.map(functions.isUsers) ?? false
      let creator = isKnown ? task.creator : frames.last(where: functions.isUsers)
      task.creator = creator.map { makers[$0] ?? $0 }
      task.frames = frames.map { same[$0] }.reduce(into: [Int]()) { if $0.last != $1 { $0.append($1) } }
      task.function = task.frames.first ?? task.function
    }
  }

  /// `App.start()` made `closure #1 in closure #2 in App.start()`.
  private static func maker(of function: String) -> String {
    var text = function[...]
    while text.hasPrefix("closure #") || text.hasPrefix("implicit closure #"), let end = text.end(ofFirst: " in ") {
      text = text[end...]
    }
    return String(text)
  }
}

extension TaskFunctions {
  fileprivate func frames(of task: HeapTask) -> [Int] {
    let known = task.frames.compactMap(\.self)
    let plain = known.filter { !isAdapter($0) }
    return Array(userFrames(of: plain.isEmpty ? known : plain, origin: origin))
  }
}

extension Substring {
  fileprivate func end(ofFirst text: String) -> Index? {
    indices.first { self[$0...].hasPrefix(text) }.map { index($0, offsetBy: text.count) }
  }
}
