# SPDX-License-Identifier: Apache-2.0
"""Asks the questions of Fleet/ on an engine, as its README says.

    engines.py duckdb FOLDER OUT.json            all questions, of a folder with classes.csv, leaks.csv and tasks.csv, which become Parquet
    engines.py spark FOLDER OUT.json [MASTER]    the same of the Parquet; MASTER is local[2] unless given
    engines.py clickhouse FOLDER OUT.json        the same of the Parquet, in ClickHouse as a library
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent.parent / "Fleet"
PROCESS = [("service", "VARCHAR"), ("version", "VARCHAR"), ("pod", "VARCHAR"), ("host", "VARCHAR"), ("start", "BIGINT"), ("snapshot", "INTEGER"), ("time", "DOUBLE")]
COLUMNS = {
    "classes": PROCESS + [("class", "VARCHAR"), ("active", "BIGINT"), ("bytes", "BIGINT"), ("retained", "BIGINT"), ("last", "BOOLEAN"), ("kind", "VARCHAR"), ("file", "VARCHAR")],
    "leaks": PROCESS + [("grade", "VARCHAR"), ("signature", "VARCHAR"), ("types", "VARCHAR"), ("cycle", "VARCHAR"), ("groups", "BIGINT"), ("objects", "BIGINT"), ("bytes", "BIGINT"), ("last", "BOOLEAN"), ("file", "VARCHAR")],
    "tasks": PROCESS + [("function", "VARCHAR"), ("creator", "VARCHAR"), ("state", "VARCHAR"), ("count", "BIGINT"), ("bytes", "BIGINT"), ("retained", "BIGINT"), ("last", "BOOLEAN"), ("file", "VARCHAR")],
}
QUESTIONS = ["growth", "level", "top", "differ", "leaks", "tasks"]


def statement(name):
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")


def question(service="orders", version_a="1.9", version_b="1.10"):
    """Fleet/question.sql with other values, as a user edits it."""
    text = statement("question")
    for old, new, name in [("orders", service, "of_service"), ("1.4.2", version_a, "version_a"), ("1.5.0", version_b, "version_b")]:
        assert f"'{old}' AS {name}" in text, name
        text = text.replace(f"'{old}' AS {name}", f"'{new}' AS {name}")
    return text


class DuckDB:
    def __init__(self, folder):
        import duckdb
        self.engine = duckdb.connect()
        self.engine.execute("SET threads = 2")
        for table, columns in COLUMNS.items():
            if (folder / f"{table}.csv").exists():
                named = ", ".join(f"{name}: '{kind}'" for name, kind in columns)
                self.engine.execute(f"COPY (FROM read_csv('{folder}/{table}.csv', header = true, columns = {{{named}}})) TO '{folder}/{table}.parquet'")
                self.engine.execute(f"CREATE VIEW {table} AS FROM '{folder}/{table}.parquet'")

    def run(self, sql):
        return self.engine.execute(sql).fetchall()

    def write(self, sql, path):
        self.engine.execute(f"COPY ({sql}) TO '{path}' (HEADER)")


class Spark:
    def __init__(self, folder, master="local[2]"):
        from pyspark.sql import SparkSession
        builder = SparkSession.builder.master(master).appName("fleet").config("spark.ui.enabled", "false")
        for key, value in {"sql.shuffle.partitions": "4", "driver.memory": "1g", "executor.memory": "1g", "driver.host": "127.0.0.1", "driver.bindAddress": "127.0.0.1",
                           "sql.warehouse.dir": str(folder / "warehouse")}.items():
            builder = builder.config(f"spark.{key}", value)
        self.engine = builder.getOrCreate()
        self.engine.sparkContext.setLogLevel("ERROR")
        for table in COLUMNS:
            if (folder / f"{table}.parquet").exists():
                self.engine.read.parquet(str(folder / f"{table}.parquet")).createOrReplaceTempView(table)

    def run(self, sql):
        return [tuple(row) for row in self.engine.sql(sql).collect()]


class ClickHouse:
    # As Fleet/README.md says.
    SETTINGS = "SET join_use_nulls = 1, prefer_column_name_to_alias = 1, cast_keep_nullable = 1"

    def __init__(self, folder):
        from chdb.session import Session
        self.engine = Session()
        self.run(self.SETTINGS)
        for table in COLUMNS:
            if (folder / f"{table}.parquet").exists():
                self.run(f"CREATE VIEW {table} AS SELECT * FROM file('{folder}/{table}.parquet')")

    def run(self, sql):
        sql = sql.replace("CREATE OR REPLACE TEMP VIEW", "CREATE OR REPLACE VIEW")
        rows = self.engine.query(sql, "JSONCompactEachRow").bytes()
        return [tuple(json.loads(row)) for row in rows.splitlines()]


def main():
    engine, folder, out = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    asked = {"duckdb": DuckDB, "spark": Spark, "clickhouse": ClickHouse}[engine](folder, *sys.argv[4:])
    asked.run(question())
    answers = {}
    for name in QUESTIONS:
        if name in ("leaks", "tasks") and not (folder / f"{name}.parquet").exists(): continue
        answers[name] = asked.run(statement(name))
        if engine == "duckdb": asked.write(statement(name), folder / f"{name}.answer.csv")
        print(f"answered {name}", flush=True)
    with open(out, "w", encoding="utf-8") as file: json.dump(answers, file)


if __name__ == "__main__":
    main()
