// read_grids.mjs FOLDER: rows.parquet, read by hyparquet and by DuckDB, says the same as rows.ndjson, cell by cell.
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import assert from 'node:assert/strict';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DuckDBInstance } from '@duckdb/node-api';

const folder = process.argv[2];
const path = `${folder}/rows.parquet`;

// Numbers beyond 2^53 must not be rounded on their way through JSON.
const rows = [];
for await (const line of createInterface({ input: createReadStream(`${folder}/rows.ndjson`) })) {
  rows.push(JSON.parse(line.replace(/"(number|zero)":(\d+)/g, '"$1":"$2"')));
}
const expected = (row, name) => (row[name] === undefined ? null : row[name]);

const bytes = readFileSync(path);
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
const metadata = parquetMetadata(file);
assert.equal(Number(metadata.num_rows), rows.length);
assert.equal(metadata.row_groups.length, 3);
assert.deepEqual(metadata.key_value_metadata.map((e) => [e.key, e.value]), [['made by', 'a test']]);
for (const group of metadata.row_groups) {
  const of = (name) => group.columns.find((c) => c.meta_data.path_in_schema[0] === name).meta_data;
  assert.equal(of('same').statistics.min_value, 'all the same');
  assert.equal(Number(of('nothing').statistics.null_count), Number(group.num_rows));
  assert.equal(of('time').codec, 'ZSTD');
}

function cell(value) {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return String(value);
}
function compare(reader, number, row, values) {
  for (const [name, value] of Object.entries(values)) {
    if (cell(value) !== expected(row, name)) {
      assert.fail(`${reader}, row ${number}, ${name}: ${cell(value)} instead of ${expected(row, name)}`);
    }
  }
}
const names = metadata.schema.slice(1).map((c) => c.name);
const read = await parquetReadObjects({ file, compressors });
assert.equal(read.length, rows.length);
read.forEach((values, i) => {
  assert.deepEqual(Object.keys(values), names);
  compare('hyparquet', i, rows[i], values);
});
console.log(`Parquet by hyparquet: ${read.length} rows of ${names.length} columns, as in the NDJSON`);

const db = await (await DuckDBInstance.create(':memory:')).connect();
const types = await (await db.run(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${path}')`)).getRows();
assert.deepEqual(types.slice(0, 3), [['time', 'TIMESTAMP WITH TIME ZONE'], ['word', 'VARCHAR'], ['number', 'BIGINT']]);
await db.run("SET timezone = 'UTC'");
const result = await db.run(`SELECT * REPLACE (strftime(time, '%Y-%m-%dT%H:%M:%S.%gZ') AS time) FROM '${path}'`);
let count = 0;
for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
  for (const values of chunk.getRows()) {
    compare('DuckDB', count, rows[count], Object.fromEntries(names.map((name, i) => [name, values[i]])));
    count++;
  }
}
assert.equal(count, rows.length);
// Asked by its statistics: a range of times that lies in the last row group only.
const some = await (await db.run(`SELECT count(*) FROM '${path}' WHERE word = 'word-4999' AND number < 1000000`)).getRows();
const own = rows.filter((r) => r.word === 'word-4999' && BigInt(r.number) < 1000000n).length;
assert.equal(Number(some[0][0]), own);
console.log(`Parquet by DuckDB: ${count} rows of ${names.length} columns, as in the NDJSON`);
