// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("sizer diff")
struct DiffTests {
  @Test("two snapshots of one profile: classes, and objects by what happened to them and where they were made")
  func literal() throws {
    let ended = try sizer("diff", try Folder.profile(Samples.life))
    #expect(
      ended.output == """
        from 0  start  00:00:01.00  400 B in 3 objects
        to   2  end  00:00:03.50  2.16 KB in 4 objects

        class                                       from    to  born  gone       change
        App.Cache                                      1     1     0     0     +1.75 KB
        App.Worker                                     2     3     3     2        +16 B

        Born: 3 objects, +160 B
          App.Worker x 2                                                          +96 B
            Worker.init(name:) at /src/App/Worker.swift:12
            main at /src/App/main.swift:3
          App.Worker 0x00002060 born 00:00:03.20                                  +64 B
            0x7f0000000010 in /lib/libx.so+0x10

        Died: 1 object, -48 B
          App.Worker born 00:00:00.00                                             -48 B
            Worker.init(name:) at /src/App/Worker.swift:12
            main at /src/App/main.swift:3

        No longer tracked: 1 object, -96 B
          App.Worker born 00:00:00.00                                             -96 B
            Worker.init(name:) at /src/App/Worker.swift:12
            main at /src/App/main.swift:3

        Grown: 1 object, +1.75 KB
          App.Cache 0x00001000 born 00:00:00.00                                +1.75 KB

        1 more born and dead between the two snapshots

        """)
    #expect(ended.status == 0)
    #expect(ended.errors == "")
  }

  @Test("each object has a line of its own when that is asked for, and fewer calls and changes are told")
  func limits() throws {
    let path = try Folder.profile(Samples.life)
    let ended = try sizer("diff", path, "--objects", "--frames", "1", "--limit", "1", "--from", "0", "--to", "2")
    #expect(
      ended.output == """
        from 0  start  00:00:01.00  400 B in 3 objects
        to   2  end  00:00:03.50  2.16 KB in 4 objects

        class                                       from    to  born  gone       change
        App.Cache                                      1     1     0     0     +1.75 KB
        and 1 more class

        Born: 3 objects, +160 B
          App.Worker 0x00002060 born 00:00:03.20                                  +64 B
            0x7f0000000010 in /lib/libx.so+0x10
          and 2 more, +96 B

        Died: 1 object, -48 B
          App.Worker born 00:00:00.00                                             -48 B
            Worker.init(name:) at /src/App/Worker.swift:12
            and 1 more call

        No longer tracked: 1 object, -96 B
          App.Worker born 00:00:00.00                                             -96 B
            Worker.init(name:) at /src/App/Worker.swift:12
            and 1 more call

        Grown: 1 object, +1.75 KB
          App.Cache 0x00001000 born 00:00:00.00                                +1.75 KB

        1 more born and dead between the two snapshots

        """)
  }

  @Test("a copy of a recording and the finished one are compared object by object")
  func sameRecording() throws {
    var early = Samples.life
    early.snapshots.removeLast(2)
    early.objects.removeLast(4)
    for row in early.objects.indices { (early.objects[row].end, early.objects[row].isDead) = (.max, false) }
    early.sizes.removeAll { $0.snapshot > 0 }
    early.referents = []
    early.traces.removeLast()
    let folder = try Folder()
    let before = try folder.profile(early, "early.sizer")
    let after = try folder.profile(Samples.life, "late.sizer")
    #expect(try sizer("diff", before, after).output == (try sizer("diff", after)).output)
    let turned = try sizer("diff", after, before)
    #expect(turned.status == 1)
    #expect(turned.errors == "sizer: the first snapshot is the later one; give the earlier one first\n")
  }

  @Test("of two runs, classes and places are compared, whatever the addresses")
  func otherRun() throws {
    var other = Samples.life
    for row in other.objects.indices {
      other.objects[row].birth += 5
      other.objects[row].address += 0x1_0000
    }
    // The same place at other addresses, and one that only this run has.
    for frame in other.traces[0].frames.indices { other.traces[0].frames[frame].address += 0x1000 }
    other.traces[1].frames[0].imageOffset = 0x20
    other.objects.append(.init(name: 0, className: 0, currentClass: 0, trace: 0, address: 0x3000, birth: 3_300_000_000))
    other.sizes.append(.init(object: 7, snapshot: 2, bytes: 80))
    let folder = try Folder()
    let ended = try sizer("diff", try folder.profile(Samples.life, "a"), try folder.profile(other, "b"))
    #expect(
      ended.output == """
        from 2  end  00:00:03.50  2.16 KB in 4 objects
        to   2  end  00:00:03.50  2.16 KB in 5 objects
        Of two runs, where no object is the same:
        classes and places are compared.

        class                                                   from    to       change
        App.Worker                                                 3     4        +80 B
        App.Cache                                                  1     1          0 B

        Grown: 2 places, +144 B
          App.Worker x 2 -> 3                                                     +80 B
            Worker.init(name:) at /src/App/Worker.swift:12
            main at /src/App/main.swift:3
          App.Worker x 0 -> 1                                                     +64 B
            0x7f0000000010 in /lib/libx.so+0x20

        Shrunk: 1 place, -64 B
          App.Worker x 1 -> 0                                                     -64 B
            0x7f0000000010 in /lib/libx.so+0x10

        """)
    #expect(ended.status == 0)
  }

  @Test("a snapshot that is not there, not told apart, or failed is refused with what to do")
  func choices() throws {
    var history = Samples.life
    history.snapshots[2].label = "start"
    let path = try Folder.profile(history)
    let cases = [
      ("7", "has no snapshot 7: give a label or a number; they are numbered from 0 to 2"),
      ("end", "has no snapshot end: give a label or a number; they are numbered from 0 to 2"),
      ("-1", "has no snapshot -1: give a label or a number; they are numbered from 0 to 2"),
      ("start", "has 2 snapshots labelled start; give a number: 0, 2"),
    ]
    for (choice, message) in cases {
      let ended = try sizer("diff", path, "--from=\(choice)")
      #expect(ended.status == 1)
      #expect(ended.errors == "sizer: \(path) \(message)\n")
      #expect(ended.output == "")
    }
    let failed = try sizer("diff", path, "--to", "failed")
    #expect(failed.errors == "sizer: snapshot 1 of \(path) sized nothing, for it failed (no memory); choose another\n")
    let empty = try Folder.profile(History())
    #expect(
      try sizer("diff", empty).errors
        == "sizer: \(empty) has no snapshot that could be compared; take one with createSnapshot()\n")
  }

  @Test("a snapshot compared with itself says that nothing changed")
  func nothing() throws {
    let ended = try sizer("diff", try Folder.profile(Samples.life), "--from", "end")
    #expect(
      ended.output == """
        from 2  end  00:00:03.50  2.16 KB in 4 objects
        to   2  end  00:00:03.50  2.16 KB in 4 objects

        class                                       from    to  born  gone       change
        App.Cache                                      1     1     0     0          0 B
        App.Worker                                     3     3     0     0          0 B

        """)
  }
}
