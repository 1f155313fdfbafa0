// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("Statistics: filter and limit")
struct SelectionTests {
  /// Ten objects, numbered by birth: those of even number are `App.Even`, the others are tracked as `odd` and of class
  /// `App.Odd`.
  private let statistics: Statistics = {
    var history = History(names: ["App.Even", "odd", "App.Odd"])
    for birth in Int64(0)..<10 {
      let isEven = birth % 2 == 0
      history.objects.append(
        .init(name: isEven ? 0 : 1, className: isEven ? 0 : 2, currentClass: 2, birth: birth))
    }
    return Statistics(history)
  }()

  private func births(_ className: String?, _ limit: Statistics.Limit = .all) -> [Int] {
    statistics.objects(className: className, limit: limit).map { Int($0.birth / .nanoseconds(1)) }
  }

  @Test("a filter is a part of the name or of the class's, in the same case")
  func filter() {
    #expect(births("Even") == [0, 2, 4, 6, 8])
    #expect(births("odd") == [1, 3, 5, 7, 9])
    #expect(births("p.Odd") == [1, 3, 5, 7, 9])
    #expect(births("App.") == Array(0..<10))
    #expect(births("even").isEmpty)
    #expect(births("App.Even.Longer").isEmpty)
    #expect(births("") == Array(0..<10))
    #expect(births(nil) == Array(0..<10))
  }

  @Test("a filter does not disturb the order")
  func filteredOrder() {
    let sorted = statistics.sorted(by: .name, .birth).reversed()
    #expect(sorted.objects(className: "Odd", limit: 2).map(\.birth) == [.nanoseconds(9), .nanoseconds(7)])
  }

  @Test("a count is the most objects to show; none when it is negative")
  func counts() {
    #expect(births(nil, 3) == [0, 1, 2])
    #expect(births("Odd", .count(2)) == [1, 3])
    #expect(births(nil, .count(.max)) == Array(0..<10))
    #expect(births(nil, 0).isEmpty)
    #expect(births(nil, .count(-1)).isEmpty)
    #expect(births(nil, .count(.min)).isEmpty)
  }

  @Test("a fraction is of what the filter left, rounded down, but at least one")
  func fractions() {
    #expect(births("Even", 0.5) == [0, 2])
    #expect(births(nil, 0.5) == [0, 1, 2, 3, 4])
    #expect(births(nil, 1.0) == Array(0..<10))
    #expect(births("Even", 0.01) == [0])
    #expect(births("nobody", 0.5).isEmpty)
  }

  @Test("fractions that are none are moved into their range")
  func oddFractions() {
    #expect(births(nil, 0.0).isEmpty)
    #expect(births(nil, .fraction(-0.5)).isEmpty)
    #expect(births(nil, .fraction(.nan)).isEmpty)
    #expect(births(nil, .fraction(-.infinity)).isEmpty)
    #expect(births(nil, .fraction(7)) == Array(0..<10))
    #expect(births(nil, .fraction(.infinity)) == Array(0..<10))
  }
}
