// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation

/// Who is told, as NotificationCenter has it.
private final class Center {
  var observers: [String: [() -> Void]] = [:]
  func observe(_ name: String, _ body: @escaping () -> Void) { observers[name, default: []].append(body) }
}

/// A chain as Combine makes it: who publishes holds who subscribes, who holds the subscription, which holds who
/// publishes.
private final class Publisher {
  var subscriptions: [Subscription] = []
}
private final class Subscription {
  let publisher: Publisher
  let receive: (Int) -> Void
  init(to publisher: Publisher, _ receive: @escaping (Int) -> Void) {
    (self.publisher, self.receive) = (publisher, receive)
    publisher.subscriptions.append(self)
  }
}
private final class Cancellable {
  private var cancel: (() -> Void)?
  init(_ cancel: @escaping () -> Void) { self.cancel = cancel }
}

private final class Lazily {
  let owner: Specimen
  init(_ owner: Specimen) { self.owner = owner }
  lazy var describe: () -> Int = { [self] in describeCount + 1 }
  var describeCount = 0
}

// unsafe: planted by one thread.
private nonisolated(unsafe) let sharedCenter = Center()
private let queue = DispatchQueue(label: "leaks")

extension Scenario {
  /// Objects that hold one another by closures.
  static let closures: [Scenario] = [
    Scenario("a closure that captures its owner alone", .proved) { specimen in
      specimen.closure = { specimen.work() }
    },
    Scenario("a closure that captures several things", .proved) { specimen in
      let (text, number) = ("text".uppercased(), [1, 2])
      specimen.closure = {
        specimen.work()
        _ = text.count + number.count
      }
    },
    Scenario("a closure that captures a variable", .proved) { specimen in
      var counter: (Specimen?, Int) = (specimen, 0)
      specimen.closure = { counter = (counter.0, counter.1 + 1) }
    },
    Scenario("a closure in a closure", .proved) { specimen in
      let inner = { (number: Int) in specimen.work() }
      specimen.closure = { inner(1) }
    },
    Scenario("closures in an array", .proved) { specimen in
      specimen.any = [{}, { specimen.work() }] as [() -> Void]
    },
    Scenario("closures in a dictionary", .proved) { specimen in
      specimen.any = ["end": { specimen.work() }] as [String: () -> Void]
    },
    Scenario("a method of its own", .proved) { $0.closure = $0.work },
    Scenario("a lazy closure", .proved) {
      let lazily = Lazily($0)
      $0.any = lazily
      _ = lazily.describe()
    },
    Scenario("a closure that captures weakly", .gone) { specimen in
      specimen.closure = { [weak specimen] in specimen?.work() }
    },
    Scenario("a closure that captures without owning", .gone) { specimen in
      specimen.closure = { [unowned specimen] in specimen.work() }
    },
    Scenario("a closure that captures as unsafely as can be", .gone) { specimen in
      specimen.closure = { [unowned(unsafe) specimen] in specimen.work() }
    },
    Scenario("a closure that ran and was dropped", .gone) { specimen in
      specimen.closure = { specimen.work() }
      specimen.closure?()
      specimen.closure = nil
    },
    Scenario("an observer of its own center", .proved) { specimen in
      let center = Center()
      center.observe("end") { specimen.work() }
      specimen.any = center
    },
    Scenario("an observer of everybody's center", .alive) { specimen in
      sharedCenter.observe("end") { specimen.work() }
    },
    Scenario("an observer of everybody's center, weakly", .gone) { specimen in
      sharedCenter.observe("end") { [weak specimen] in specimen?.work() }
    },
    Scenario("a chain of subscriptions", .proved) { specimen in
      let publisher = Publisher()
      let first = Subscription(to: publisher) { _ in specimen.work() }
      specimen.any = [first, Subscription(to: publisher) { _ in }]
    },
    Scenario("a subscription that is cancelled by who has it", .proved) { specimen in
      specimen.any = Cancellable { specimen.work() }
    },
    Scenario("Foundation's center, forever", .alive) { specimen in
      let token = NotificationCenter.default.addObserver(
        forName: Notification.Name("leaks.\(UInt(bitPattern: ObjectIdentifier(specimen)))"), object: nil, queue: nil
      ) { _ in specimen.work() }
      leakShelf.append(token)
    },
    Scenario("a timer that fires a closure with its owner", .alive) { specimen in
      let timer = DispatchSource.makeTimerSource(queue: queue)
      timer.schedule(deadline: .now() + 3600)
      timer.setEventHandler { specimen.work() }
      timer.resume()
      specimen.any = timer
    },
    Scenario("a timer whose closure does not own", .gone) { specimen in
      let timer = DispatchSource.makeTimerSource(queue: queue)
      timer.schedule(deadline: .now() + 3600)
      timer.setEventHandler { [weak specimen] in specimen?.work() }
      timer.resume()
      leakShelf.append(timer)
    },
    Scenario("work that waits in a queue", .alive) { specimen in
      queue.asyncAfter(deadline: .now() + 3600) { specimen.work() }
    },
    Scenario("work that is done", .gone) { specimen in queue.sync { specimen.work() } },
    Scenario("an operation that waits in a queue", .alive) { specimen in
      let operations = OperationQueue()
      operations.isSuspended = true
      operations.addOperation { specimen.work() }
      leakShelf.append(operations)
    },
  ]
}
