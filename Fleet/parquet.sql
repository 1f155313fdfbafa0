-- SPDX-License-Identifier: Apache-2.0
-- One line for DuckDB: what `sizer fleet` wrote, as Parquet. The types are said, or a version of 1.10 would be read as the number 1.1.
COPY (FROM read_csv('classes.csv', header = true, columns = {service: 'VARCHAR', version: 'VARCHAR', pod: 'VARCHAR', host: 'VARCHAR',
  start: 'BIGINT', snapshot: 'INTEGER', time: 'DOUBLE', class: 'VARCHAR', active: 'BIGINT', bytes: 'BIGINT', retained: 'BIGINT', last: 'BOOLEAN',
  kind: 'VARCHAR', file: 'VARCHAR'})) TO 'classes.parquet'
