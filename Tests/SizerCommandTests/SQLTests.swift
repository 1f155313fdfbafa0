// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerProfile
import TestSupport
import Testing

@Suite("sizer sql")
struct SQLTests {
  @Test("an answer stands in columns, numbers at their right ends")
  func table() throws {
    let question =
      "select o.id as object, n.name, birth/1000000000 as seconds, ended from objects o join names n on n.id = o.name"
    let ended = try sizer("sql", try Folder.profile(Samples.life), question)
    #expect(
      ended.output == """
        object  name        seconds       ended
        ------  ----------  -------  ----------
             0  App.Cache         0
             1  App.Worker        0  3000000000
             2  App.Worker        0  1700000000
             3  App.Worker        1  1300000000
             4  App.Worker        3
             5  App.Worker        3
             6  App.Worker        3

        """)
    #expect(ended.status == 0)
    #expect(ended.errors == "")
  }

  @Test("every view answers, and says what the library says")
  func views() throws {
    let path = try Folder.profile(Samples.life)
    let questions = [
      (
        "select name, bytes from living where label = 'end' order by object",
        "App.Cache,2048\nApp.Worker,48\nApp.Worker,48\nApp.Worker,64\n"
      ),
      ("select object, snapshot, bytes from sizes where object < 2 order by 1, 2", "0,0,256\n0,2,2048\n1,0,48\n"),
      ("select class, death from object_list where object in (1, 2)", "App.Worker,3.0\nApp.SpecialWorker,\n"),
      ("select name, active, average from class_history where label = 'end'", "App.Cache,1,2048\nApp.Worker,3,53\n"),
      ("select name, type, bytes from referent_list", "entries,[Swift.String],2000\n[0],Swift.String,1000\n"),
      (
        "select function, file, line from calls where trace = 0",
        "Worker.init(name:),/src/App/Worker.swift,12\nmain,/src/App/main.swift,3\n"
      ),
    ]
    for (question, answer) in questions {
      let ended = try sizer("sql", path, question, "--csv")
      #expect(ended.output.split(separator: "\n", maxSplits: 1).last.map(String.init) == answer, "\(question)")
      #expect(ended.errors == "")
    }
  }

  @Test("values of every kind: what is missing is empty, bytes are hexadecimal, texts are as they are")
  func kinds() throws {
    let path = try Folder.profile(Samples.life)
    let question = "select null as n, '' as e, -5 as i, 1.5 as r, x'00ff' as b, 'a,\"b' as t; -- a remark"
    #expect(try sizer("sql", path, question, "--csv").output == "n,e,i,r,b,t\n\"\",,-5,1.5,00ff,\"a,\"\"b\"\n")
    #expect(
      try sizer("sql", path, question).output == """
        n  e   i    r  b        t
        -  -  --  ---  -------  ----
              -5  1.5  x'00ff'  a,"b

        """)
  }

  @Test(
    "functions that give tables and only read are open",
    arguments: [
      ("select value from json_each('[1,\"two\"]')", "value\n1\ntwo\n"),
      ("select fullkey from json_tree('{\"a\":[1]}')", "fullkey\n$\n$.a\n$.a[0]\n"),
      ("select t.id, j.value from traces t, json_each(t.frames) j order by 1, j.key", "id,value\n0,0\n0,1\n1,2\n"),
      ("select name from pragma_table_info('names')", "name\nid\nname\n"),
      ("select name from pragma_table_xinfo('texts')", "name\nid\ntext\n"),
      ("select count(*) > 10 as n from pragma_table_list", "n\n1\n"),
      ("select * from pragma_user_version", "user_version\n5\n"),
      ("select * from pragma_application_id", "application_id\n1397316178\n"),
      ("select name from pragma_database_list where seq = 0", "name\nmain\n"),
      ("select * from pragma_quick_check", "quick_check\nok\n"),
      ("select * from pragma_integrity_check", "integrity_check\nok\n"),
      ("select count(*) as n from pragma_index_list('names')", "n\n0\n"),
    ])
  func tableFunctions(_ question: String, _ answer: String) throws {
    let ended = try sizer("sql", try Folder.profile(Samples.life), question, "--csv")
    #expect(ended.errors == "")
    #expect(ended.output == answer)
  }

  @Test(
    "other tables of SQLite's are refused by name",
    arguments: ["dbstat", "sqlite_stmt", "fts3tokenize", "pragma_function_list", "pragma_compile_options"])
  func closedTableFunctions(_ name: String) throws {
    let path = try Folder.profile(Samples.life)
    let ended = try sizer("sql", path, "select * from \(name)")
    #expect(ended.status == 1)
    #expect(ended.output == "")
    // Another SQLite may not have it at all.
    let missing = "sizer: \(path) can't answer: no such table: \(name); "
    let what = name.hasPrefix("pragma_") ? "a pragma" : name
    #expect(
      ended.errors.hasPrefix(
        "sizer: \(path) can't answer: \(what) may not be used here; "
          + "of the functions that give tables there are json_each, "
      )
        || ended.errors.hasPrefix(missing), "\(ended.errors)")
  }

  @Test(
    "what is more than reading is refused, and the file stays as it was",
    arguments: [
      ("delete from names", "a profile is only read"), ("create table t(a)", "a profile is only read"),
      ("drop table names", "a profile is only read"), ("update objects set dead = 1", "a profile is only read"),
      ("vacuum", "a profile is only read"), ("attach '/tmp/x' as x", "a profile is only read"),
      ("pragma query_only=off", "a profile is only read"), ("pragma user_version=7", "a profile is only read"),
      ("pragma writable_schema=on", "a profile is only read"),
      ("select 1; delete from names", "one statement at a time"),
      ("select 1; select 2", "one statement at a time"), ("", "there is no statement"),
      ("/* nothing */", "there is no statement"),
      ("selec 1", "near \"selec\": syntax error"), ("select * from nowhere", "no such table: nowhere"),
      ("select load_extension('x')", "not authorized"),
      ("select readfile('/etc/passwd')", "no such function: readfile"),
    ])
  func refused(_ question: String, _ reason: String) throws {
    let path = try Folder.profile(Samples.life)
    let before = try contents(of: path)
    let ended = try sizer("sql", path, question)
    #expect(ended.status == 1)
    #expect(ended.output == "")
    #expect(
      ended.errors
        == "sizer: \(path) can't answer: \(reason); without a statement, `sizer sql` shows what there is to ask\n")
    #expect(try contents(of: path) == before)
  }

  @Test("a view that came with the file is not believed: names mean what Sizer means by them")
  func foreignViews() throws {
    let path = try Folder.profile(Samples.life)
    let change =
      "drop view object_list; create view object_list as select 'lie' as name; create view other as select 1;"
    let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])"
    #expect(try run(["python3", "-c", program, path, change]).status == 0)
    #expect(try sizer("sql", path, "select name from object_list limit 1", "--csv").output == "name\nApp.Cache\n")
    let other = try sizer("sql", path, "select * from other")
    #expect(other.status == 1)
    #expect(other.errors.contains("access to view \"other\" prohibited"))
  }

  @Test("without a statement, the tables and views are shown, with what they mean")
  func schema() throws {
    let ended = try sizer("sql", try Folder.profile(Samples.life))
    #expect(ended.status == 0)
    for line in ["CREATE TABLE objects(", "CREATE VIEW class_history AS", "  birth INTEGER NOT NULL,"] {
      #expect(ended.output.contains(line))
    }
    #expect(try sizer("sql", "/dev/null").status == 1)
  }

  @Test(
    "lines fit the terminal; where columns are too many, each row has a line for each",
    arguments: [UInt16(40), 60, 80, 120])
  func fitting(_ columns: UInt16) throws {
    let path = try Folder.profile(Samples.hostile)
    for question in [
      "select * from snapshots", "select label, error from snapshots", "select name, class from object_list",
    ] {
      let ended = try sizerOnTerminal("sql", path, question, columns: columns, environment: ["NO_COLOR": "1"])
      #expect(ended.status == 0)
      for line in ended.output.split(separator: "\n") {
        #expect(FittedText(String(line), in: 1_000).width <= columns, "\(line)")
      }
    }
    // Not cut when nobody says how wide.
    #expect(
      try sizer("sql", path, "select hex(zeroblob(200)) as z").output.contains(String(repeating: "0", count: 400)))
  }

  @Test("many rows are an answer too")
  func many() throws {
    let question = "with recursive c(x) as (select 1 union all select x + 1 from c where x < 5000) select x from c"
    let lines = try sizer("sql", try Folder.profile(Samples.life), question).output.split(separator: "\n")
    #expect(lines.count == 5_002)
    #expect(lines.last == "5000")
  }
}
