// SPDX-License-Identifier: Apache-2.0

/// What the root command and `walk` print: the real input's report first, since it is there at once and a mistake in
/// the input shows before the benchmark has taken its time; then the table of figures.
enum WalkReport {
  static func print(_ benchmark: WalkBenchmark, _ options: BenchOptions) throws {
    if options.json { return Swift.print(try benchmark.run().json()) }
    Swift.print(DocumentsReport(figures: try DocumentFigures.all(input: options.input)), terminator: "\n\n")
    Swift.print(try benchmark.run().table)
    Swift.print(
      """

      ns/object        HeapSizer, the fastest round
      floor            the same objects walked in C, their layout written in and no size asked; the fastest round
      ratio to floor   HeapSizer's time by the floor's, the median of rounds taken in turns
      ratio to Mirror  what a walk with Mirror takes for each of the first 100,000 objects, by what HeapSizer takes
      one to two …     a frozen snapshot, all of it, whose child may use one processor, by one whose child may use two
      goals            at most so many times the floor, and at least so many times as fast with two processors
      """)
  }
}
