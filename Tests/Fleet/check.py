# SPDX-License-Identifier: Apache-2.0
"""The checks of Tests/Fleet/run: check.py duckdb|spark|clickhouse SIZER BASE.sizer ROOM. Each prints a line."""
import html.parser
import json
import os
import pathlib
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys

import engines
import model

PART, SIZER, BASE, ROOM = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
HERE = pathlib.Path(__file__).resolve().parent


def verdict(is_kept, what, *evidence):
    print(f"{'kept' if is_kept else 'BROKEN'}: {what}", flush=True)
    if not is_kept:
        for each in evidence: print("  " + str(each)[:2000])


def fleet(*arguments, cwd=ROOM):
    return subprocess.run([SIZER, "fleet", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=600)


def made(name, pods, *options):
    """A fleet in a folder of that name, and its tables in another."""
    tables = ROOM / f"{name}.tables"
    tables.mkdir()
    subprocess.run([sys.executable, HERE / "make_fleet.py", BASE, ROOM / name, str(pods), *options], check=True)
    for table in ("classes", "leaks", "tasks"):
        ended = fleet(name, "--table", table, "-o", tables / f"{table}.csv")
        if ended.returncode: raise SystemExit(f"sizer fleet: {ended.stderr}")
    return tables


def answers(engine, tables):
    out = tables / f"{engine}.json"
    subprocess.run([sys.executable, HERE / "engines.py", engine, tables, out], check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text())


def processes(name):
    found = model.processes(ROOM / name)
    for process in found: process.path = process.path.relative_to(ROOM)
    return found


# ---- Tags ----

def try_tags():
    """Of the real recording, by the environment that Tests/Fleet/run gave it and by what is known of it otherwise."""
    shown = subprocess.run([SIZER, "info", BASE], capture_output=True, text=True, check=True).stdout
    tags = dict(line.split(None, 1) for line in shown.splitlines() if "." in line.split()[0] or line.startswith("team"))
    told = {"service.name": "orders", "service.version": "1.9", "k8s.pod.name": "a-b", "team": "blue", "host.name": socket.gethostname()}
    verdict({key: tags.get(key) for key in told} == told, "tags: from the environment, the host and what was given", tags)
    image = (pathlib.Path(SIZER).parent / "AgentHost").read_bytes()
    build = bytes.fromhex(tags.get("process.executable.build_id.gnu", ""))
    verdict(len(build) >= 8 and b"GNU\0" + build in image, "tags: the build's id is in the program's note", tags)
    age = BASE.stat().st_mtime - int(tags.get("process.start_unix_nano", "0")) / 1e9
    verdict(0 <= age < 600 and tags.get("process.pid", "").isdigit(), "tags: when the process was started, and its number", age, tags)


# ---- Rows and answers ----

def try_rows(name, tables):
    found, expected = model.written(tables / "classes.csv"), [model.HEAD]
    for process in processes(name): expected += process.cells()
    verdict(found == expected, f"{name}: the rows are those that the profiles hold, in order", len(found), len(expected),
            *[pair for pair in zip(found, expected) if pair[0] != pair[1]][:2])


def try_answers(name, tables):
    found = answers("duckdb", tables)
    fleet, truth = processes(name), json.loads((ROOM / name / "truth.json").read_text())
    for question, expected in [("growth", model.growth(fleet, "orders", "1.9", "1.10")), ("level", model.level(fleet, "orders", "1.9", "1.10")),
                               ("top", model.top(fleet, "orders")), ("differ", model.differ(fleet))]:
        verdict(model.alike(found[question], expected), f"{name}: {question}.sql answers as the model does", found[question][:4], expected[:4])
    for question, key, column in [("growth", "growing", 0), ("level", "heavier", 0), ("differ", "leaking", 2)]:
        names = sorted({row[column] for row in found[question]})
        verdict(names == sorted(truth[key]), f"{name}: {question}.sql names what is planted and nothing else", names, truth[key])
    return found


def try_images(found):
    leaks = {row[-1]: row[1:7] for row in found["leaks"]}
    verdict(leaks == {"a1": ["suspected", 15, 15, 15, 15, 15 * 288], "b2": ["suspected", 15, 0, 15, 15, 0]}, "leaks.sql tells what is new in a version", leaks)
    tasks = {row[0]: row[1:5] for row in found["tasks"]}
    verdict(tasks.get("Shop.serve(_:)") == [15, 15, 8.0, 8.0] and tasks["Shop.flood(_:)"][2] == 0.0 and tasks["Shop.flood(_:)"][3] > 40,
            "tasks.sql counts tasks of a process", tasks)


# ---- The page ----

class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.rows, self.tags, self.policy = [], 0, set(), ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        self.rows += tag == "tr"
        if tag == "a": self.links.append(attributes["href"])
        if attributes.get("http-equiv") == "Content-Security-Policy": self.policy = attributes["content"]


def try_page(tables, found):
    leaking = [ROOM / row[-1] for row in found["differ"]]
    subprocess.run([SIZER, "html", leaking[0], "-o", leaking[0].with_suffix(".html")], check=True, capture_output=True)
    answers = sorted(tables.glob("*.answer.csv"))
    path = ROOM / "pages" / "fleet.html"
    path.parent.mkdir()
    ended = fleet("--html", *answers, "-o", path, "--title", "Orders")
    page = Page(path)
    verdict(ended.returncode == 0 and page.rows == len(answers) + sum(map(len, found.values())), "the page has a row for each of the answers'", ended, page.rows)
    verdict([(path.parent / link).resolve() for link in page.links] == [leaking[0].with_suffix(".html").resolve()],
            "a process that differs leads to its report, where there is one", page.links)
    verdict("script" not in page.tags and page.policy.startswith("default-src 'none'; style-src 'sha256-"), "the page has no script and admits none", page.policy)
    bad = fleet("--html", tables / "classes.csv", "-o", ROOM / "bad.html")
    verdict(bad.returncode == 1 and "no answer to a question" in bad.stderr and not (ROOM / "bad.html").exists(), "what is no answer is told", bad)
    os.mkfifo(ROOM / "answers")
    pipe = fleet("--html", ROOM / "answers", "-o", ROOM / "bad.html")
    verdict(pipe.returncode == 1 and "no plain file" in pipe.stderr, "a pipe is not waited for", pipe)


# ---- Files from anybody ----

HONEST = 5


def hostile(folder):
    """Five sound profiles among others; answers what standard error must say of each of those."""
    sound = sorted((ROOM / "planted").rglob("*.sizer"))[:HONEST]
    for place, path in enumerate(sound):
        below = folder / ("deep/" * place)
        below.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, below / f"sound{place}.sizer")
    bytes_of = sound[0].read_bytes()
    said = {}

    def bad(name, why, content=None):
        said[name] = why
        if content is not None: (folder / name).write_bytes(content)
        return folder / name

    def changed(name, why, *statements):
        path = bad(name, why, bytes_of)
        database = sqlite3.connect(path, isolation_level=None)
        for each in statements: database.execute(each)
        database.close()

    bad("cut.sizer", "is damaged", bytes_of[:len(bytes_of) // 2])
    bad("empty.sizer", "is empty", b"")
    bad("text.sizer", "no SQLite database", b"service,version\n" * 4096)
    middle = bytearray(bytes_of)
    for place in range(8192, len(middle), 977): middle[place] ^= 0xFF
    bad("flipped.sizer", "is damaged", bytes(middle))
    changed("foreign.sizer", "another program's database", "PRAGMA application_id = 7")
    changed("newer.sizer", "version 99", "PRAGMA user_version = 99")
    changed("view.sizer", "is damaged", "DROP TABLE classes",
            "CREATE VIEW classes AS WITH RECURSIVE r(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM r) SELECT id, 0 AS snapshot, 0 AS name, 1 AS active, 1 AS bytes FROM r")
    changed("gap.sizer", "is damaged", "UPDATE classes SET id = 4000000000 WHERE id = 7")
    changed("order.sizer", "is damaged", "UPDATE classes SET snapshot = 0 WHERE id = (SELECT max(id) FROM classes)")
    changed("nameless.sizer", "is damaged", "DELETE FROM texts")
    changed("negative.sizer", "is damaged", "UPDATE classes SET bytes = -1 WHERE id = 100")
    changed("tags.sizer", "is damaged", "INSERT INTO tags SELECT 'k' || value, 'v' FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 999) SELECT value FROM n)")
    os.mkfifo(bad("pipe.sizer", "pipe or socket"))
    os.symlink("/dev/zero", bad("endless.sizer", "is a device"))
    os.symlink("round.sizer", bad("round.sizer", "too many"))
    os.symlink("nowhere.sizer", bad("lost.sizer", "no such file"))
    # A terabyte, nearly all of it holes.
    with open(bad("holes.sizer", "is damaged", bytes_of[:4096]), "r+b") as file: file.truncate(1 << 40)
    os.symlink("..", folder / "loop")
    said["loop"] = "a link to a folder"
    return said


def try_hostile():
    folder = ROOM / "hostile"
    folder.mkdir()
    said = hostile(folder)
    ended = fleet("hostile", "-o", "hostile.csv")
    lines = [line for line in ended.stderr.splitlines() if line]
    verdict(ended.returncode == 0, "hostile files: the rest is read", ended)
    for name, why in sorted(said.items()):
        verdict(any(f"hostile/{name} " in line and why.lower() in line.lower() for line in lines), f"hostile files: {name} is named: {why}", ended.stderr)
    total = HONEST + len(said) - 1
    verdict(lines[-1].endswith(f"of {HONEST} profiles; {len(said) - 1} of {total} left out"), "hostile files: they are counted", lines[-1])
    rows = model.written(ROOM / "hostile.csv")
    read = {row[-1] for row in rows[1:]}
    verdict(len(read) == HONEST and all("sound" in path for path in read), "hostile files: no row of one is written", read)
    alone = fleet(*sorted(read), "-o", "sound.csv")
    verdict(alone.returncode == 0 and sorted(model.written(ROOM / "sound.csv")) == sorted(rows), "hostile files: the others' rows are what they are without")
    none = fleet("hostile/text.sizer")
    verdict(none.returncode == 1 and "no profile was read" in none.stderr, "nothing but bad files is a failure", none)
    taken = fleet(sorted(read)[0], "-o", sorted(read)[0], "--force")
    verdict(taken.returncode == 1 and "is a profile that is read" in taken.stderr, "a profile that is read is not written over", taken)


def try_untagged():
    path = ROOM / "old" / "before.sizer"
    path.parent.mkdir()
    shutil.copy(next((ROOM / "planted").rglob("*.sizer")), path)
    for version, statement in [(5, "DELETE FROM tags"), (4, "DROP TABLE tags")]:
        database = sqlite3.connect(path, isolation_level=None)
        database.execute(statement)
        database.execute(f"PRAGMA user_version = {version}")
        database.close()
        fleet("old", "-o", "old.csv", "--force")
        starts = {tuple(row[:5]) for row in model.written(ROOM / "old.csv")[1:]}
        verdict(starts == {("", "", "before.sizer", "", "")}, f"version {version} without tags: a process is called after its file", starts)


def try_recording():
    """A file that was taken with its log, and without."""
    path = ROOM / "running" / "live.sizer"
    path.parent.mkdir()
    shutil.copy(next((ROOM / "planted").rglob("*.sizer")), path)
    expected = len(model.Process(path).rows)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("BEGIN")
    writer.execute("INSERT INTO classes(id, snapshot, name, active, bytes) SELECT max(id) + 1, max(snapshot), 0, 1, 16 FROM classes")
    writer.execute("COMMIT")
    both = fleet("running", "-o", "running.csv")
    verdict(len(model.written(ROOM / "running.csv")) == expected + 2 and "newest" not in both.stderr, "a recording is read with its log", both)
    taken = ROOM / "taken"
    taken.mkdir()
    shutil.copy(path, taken / "live.sizer")
    alone = fleet("taken", "-o", "taken.csv")
    verdict(len(model.written(ROOM / "taken.csv")) == expected + 1 and "taken/live.sizer was taken while it was recorded" in alone.stderr
            and "1 without their newest snapshots" in alone.stderr, "a log that was not copied is told", alone)
    writer.close()


def try_memory():
    """A profile of many snapshots: more rows than are ever held, in no more memory than few."""
    path = ROOM / "long" / "long.sizer"
    path.parent.mkdir()
    shutil.copy(next((ROOM / "planted").rglob("*.sizer")), path)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN")
    columns = [row[1] for row in database.execute("PRAGMA table_info(snapshots)")]
    rest = ",".join(columns[1:]).replace("time", f"{100_000}000000000 + n.value")
    (first,), (classes,) = database.execute("SELECT max(id) + 1 FROM snapshots").fetchone(), database.execute("SELECT max(id) + 1 FROM classes").fetchone()
    numbers = "(WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < {}) SELECT value FROM n) n"
    database.execute(f"INSERT INTO snapshots SELECT {first} + n.value, {rest} FROM {numbers.format(19_999)} CROSS JOIN (SELECT * FROM snapshots WHERE id = 0)")
    database.execute(f"INSERT INTO classes(id, snapshot, name, active, bytes) SELECT {classes} + n.value, {first} + n.value / 50, n.value % 50, 1, 16 FROM {numbers.format(999_999)}")
    database.execute("COMMIT")
    database.close()
    ended = fleet("long", "-o", "long.csv")
    found = sum(1 for _ in open(ROOM / "long.csv", encoding="utf-8"))
    verdict(found == classes + 1_000_000 + 1, "a profile of a million rows and more is written whole", found, ended.stderr)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    verdict(most < 300, "no command took 300 MB", f"{most:.0f} MB")


def try_engine(name):
    tables = made("planted", 90, "--images")
    duckdb, other = answers("duckdb", tables), answers(PART, tables)
    for question in duckdb:
        verdict(len(duckdb[question]) > 0 and duckdb[question] == other[question], f"{name} answers {question}.sql with the same rows as DuckDB",
                duckdb[question][:4], other[question][:4])


def main():
    if PART != "duckdb":
        try_engine({"spark": "Spark", "clickhouse": "ClickHouse"}[PART])
        return
    try_tags()
    tables = made("planted", 90, "--images")
    try_rows("planted", tables)
    found = try_answers("planted", tables)
    try_images(found)
    try_page(tables, found)
    try_answers("other", made("other", 150, "--seed", "7"))
    same = answers("duckdb", made("same", 120, "--seed", "3", "--same"))
    for question in ("growth", "level", "differ"):
        verdict(same[question] == [], f"a fleet whose versions are the same: {question}.sql names nothing", same[question])
    try_hostile()
    try_untagged()
    try_recording()
    try_memory()


main()
