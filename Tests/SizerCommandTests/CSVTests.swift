// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("sizer csv")
struct CSVTests {
  @Test("each table, as text")
  func literal() throws {
    let path = try Folder.profile(Samples.life)
    #expect(
      try sizer("csv", path).output == """
        snapshot,label,time,class,active,bytes,average,share,slab_objects,slab_object_bytes,slab_count,slab_bytes,\
        slab_taken_bytes,slab_unresolved,slab_fill
        0,start,1.000000000,App.Cache,1,256,256,0.64,,,,,,,
        0,start,1.000000000,App.Worker,2,144,72,0.36,,,,,,,
        2,end,3.500000000,App.Cache,1,2048,2048,0.927536231884058,0,0,0,0,0,1,1.0
        2,end,3.500000000,App.Worker,3,160,53,0.07246376811594203,2,96,2,8192,2048,1,0.25

        """)
    #expect(
      try sizer("csv", "--table", "snapshots", path).output == """
        snapshot,label,time,mode,pause,error,tracked_bytes,overhead_bytes,skipped_count,unresolved_count,virtual,\
        resident,data,stack,code,shared,minor_faults,major_faults,estimated_bytes,peak_resident,cgroup_current,\
        cgroup_limit,cgroup_peak
        0,start,1.000000000,frozen,0.000250000,,400,4096,0,0,1073741824,16777216,8388608,131072,1048576,524288,\
        1234,5,0,33554432,67108864,268435456,
        1,failed,2.000000000,frozen,0.000250000,no memory,0,4096,0,0,1073741824,16777216,8388608,131072,1048576,524288,\
        1234,5,0,33554432,67108864,268435456,
        2,end,3.500000000,frozen,0.000250000,,2208,4096,0,0,1073741824,16777216,8388608,131072,1048576,524288,\
        1234,5,96,33554432,67108864,268435456,

        """)
    #expect(
      try sizer("csv", "--table", "objects", path).output == """
        object,name,class,representation,address,birth,death,left,largest_bytes,last_bytes,function,file,line,image,\
        image_offset,build_id
        0,App.Cache,App.Cache,App.Cache,0x1000,0.000000010,,,2048,2048,,,,,,
        1,App.Worker,App.Worker,App.Worker,,0.000000020,3.000000000,,48,48,Worker.init(name:),/src/App/Worker.swift,12,\
        /usr/bin/app,0x1000,
        2,App.Worker,App.SpecialWorker,App.SpecialWorker,,0.000000030,,1.700000000,96,96,Worker.init(name:),\
        /src/App/Worker.swift,12,/usr/bin/app,0x1000,
        3,App.Worker,App.Worker,App.Worker,,1.200000000,1.300000000,,,,Worker.init(name:),/src/App/Worker.swift,12,\
        /usr/bin/app,0x1000,
        4,App.Worker,App.Worker,App.Worker,0x2000,3.100000000,,,48,48,Worker.init(name:),/src/App/Worker.swift,12,\
        /usr/bin/app,0x1000,
        5,App.Worker,App.Worker,App.Worker,0x2030,3.100000001,,,48,48,Worker.init(name:),/src/App/Worker.swift,12,\
        /usr/bin/app,0x1000,
        6,App.Worker,App.Worker,App.Worker,0x2060,3.200000000,,,64,64,,,,/lib/libx.so,0x10,c0ffee

        """)
    #expect(
      try sizer("csv", "--table", "sizes", path).output == """
        object,name,snapshot,time,bytes
        0,App.Cache,0,1.000000000,256
        0,App.Cache,2,3.500000000,2048
        1,App.Worker,0,1.000000000,48
        2,App.Worker,0,1.000000000,96
        4,App.Worker,2,3.500000000,48
        5,App.Worker,2,3.500000000,48
        6,App.Worker,2,3.500000000,64

        """)
  }

  @Test(
    "Python reads every hostile text back as it was",
    arguments: [("classes", 3), ("snapshots", 1), ("objects", 11), ("objects", 13), ("objects", 15), ("sizes", 1)])
  func hostileTexts(_ table: String, _ column: Int) throws {
    let folder = try Folder()
    let ended = try sizer("csv", "--table", table, try folder.profile(Samples.hostile))
    #expect(ended.status == 0)
    let read = try python(
      """
      import csv, io, sys
      rows = list(csv.reader(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline=""), strict=True))[1:]
      widths = {len(r) for r in rows}
      assert len(widths) == 1, widths
      for text in dict.fromkeys(r[\(column)] for r in rows): print(text.encode().hex())
      """, try folder.file(ended.output, "out.csv"))
    #expect(read == Samples.hostileTexts.map(hexadecimal))
  }

  @Test("on a terminal, what it would obey is spelled out")
  func terminal() throws {
    let ended = try sizerOnTerminal("csv", try Folder.profile(Samples.hostile), columns: 80)
    #expect(ended.output.contains(#"\u{1b}[2Jgone\u{9b}31m"#))
    #expect(!ended.output.unicodeScalars.contains { $0 != "\n" && ($0.value < 0x20 || 0x7F...0x9F ~= $0.value) })
  }
}
