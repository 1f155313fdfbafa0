// SPDX-License-Identifier: Apache-2.0
// A program that knows nothing of Sizer. The finder's tests look at it from inside (probe.c): it keeps as many leaves
// as its argument says, makes and drops as many, and touches what a linker that collects garbage would else drop.

final class Leaf {
  let number: Int
  init(_ number: Int) { self.number = number }
}

struct Refusal: Error { let number: Int }

protocol Counted { var number: Int { get } }
extension Leaf: Counted {}

nonisolated(unsafe) var kept: [any Counted] = []

func refuse(_ number: Int) throws { throw Refusal(number: number) }

@main struct Program {
  static func main() async {
    let count = Int(CommandLine.arguments[1])!
    for number in 0..<count { kept.append(Leaf(number)) }
    let dropped = await Task { (0..<count).map(Leaf.init).reduce(0) { $0 + $1.number } }.value
    do { try refuse(dropped) } catch { print(kept.count, "\(error)") }
  }
}
