// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOEmbedded
import Synchronization

private actor Office {
  private let kept: Specimen
  init(_ kept: Specimen) { self.kept = kept }
}

private enum TaskValues {
  @TaskLocal static var specimen: Specimen?
}

private final class Handler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  let specimen: Specimen
  init(_ specimen: Specimen) { self.specimen = specimen }
}

private final class Promised: @unchecked Sendable {
  let promise: EventLoopPromise<Int>
  var owner: Specimen?
  init(on loop: any EventLoop) { promise = loop.makePromise() }
}

/// Continuations that nobody resumes, and how many tasks wait for one.
private let continuations = Mutex<[CheckedContinuation<Void, Never>]>([])
private let begun = Atomic<Int>(0)

private func waitForever() async {
  await withCheckedContinuation { continuation in
    continuations.withLock { $0.append(continuation) }
    begun.add(1, ordering: .sequentiallyConsistent)
  }
}

/// Returns when `body`'s task waits.
@discardableResult
private func begin(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
  let before = begun.load(ordering: .sequentiallyConsistent)
  let task = Task.detached { await body() }
  while begun.load(ordering: .sequentiallyConsistent) == before { usleep(1_000) }
  return task
}

extension Scenario {
  /// Objects of concurrency and of event loops.
  static let tasks: [Scenario] = [
    Scenario("a task that waits, held by what it holds", .alive) { specimen in
      specimen.any = begin {
        await waitForever()
        specimen.work()
      }
    },
    Scenario("a task that waits, held by nobody", .alive) { specimen in
      begin {
        await waitForever()
        specimen.work()
      }
    },
    Scenario("a task that sleeps", .alive) { specimen in
      _ = Task.detached {
        try? await Task.sleep(for: .seconds(3600))
        specimen.work()
      }
    },
    Scenario("a task that is done", .gone) { specimen in
      specimen.any = Task.detached { [weak specimen] in specimen?.work() }
    },
    Scenario("a task that is done, and held its owner", .gone) { specimen in
      specimen.any = Task.detached { specimen.work() }
    },
    Scenario("a child of a task group", .alive) { specimen in
      begin {
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            await waitForever()
            specimen.work()
          }
        }
      }
    },
    Scenario("a child that a task has bound", .alive) { specimen in
      begin {
        async let child: Void = waitForever()
        await child
        specimen.work()
      }
    },
    Scenario("a value that is a task's own", .alive) { specimen in
      begin { await TaskValues.$specimen.withValue(specimen) { await waitForever() } }
    },
    Scenario("an actor", .proved) { $0.any = Office($0) },
    Scenario("a stream that its own end would end", .proved) { specimen in
      let (stream, continuation) = AsyncStream<Int>.makeStream()
      continuation.onTermination = { _ in specimen.work() }
      specimen.any = (stream, continuation)
    },
    Scenario("a stream that somebody feeds", .alive) { specimen in
      let (_, continuation) = AsyncStream<Int>.makeStream()
      continuation.onTermination = { _ in specimen.work() }
      leakShelf.append(continuation)
    },
    Scenario("a channel that nobody closed", .proved) { specimen in
      _ = EmbeddedChannel(handler: Handler(specimen))
    },
    Scenario("a channel that was closed", .gone) { specimen in
      _ = try EmbeddedChannel(handler: Handler(specimen)).finish()
    },
    Scenario("a promise that nobody keeps", .proved) { specimen in
      let promised = Promised(on: EmbeddedEventLoop())
      promised.promise.futureResult.whenComplete { _ in specimen.work() }
      (promised.owner, specimen.any) = (specimen, promised)
    },
  ]
}
