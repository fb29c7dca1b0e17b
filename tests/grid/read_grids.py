"""read_grids.py FOLDER: rows.csv and rows.sqlite say the same as rows.ndjson, and no cell of the CSV is a formula."""
import csv
import json
import re
import sqlite3
import sys

folder = sys.argv[1]
with open(folder + "/rows.ndjson", encoding="utf-8") as lines:
    rows = [json.loads(line) for line in lines]

# RFC 4180, 2: records end in CRLF, fields are bare or in quotes, quotes within are doubled, all records have the same fields.
FIELD = re.compile(rb'(?:"(?:[^"]|"")*"|[^",\r\n]*)')
with open(folder + "/rows.csv", "rb") as file:
    text = file.read()
at, fields, widths = 0, 0, set()
while at < len(text):
    at = FIELD.match(text, at).end()
    fields += 1
    if text[at:at + 1] == b",":
        at += 1
        continue
    assert text[at:at + 2] == b"\r\n", "byte %d: %r" % (at, text[at - 40:at + 10])
    at, fields = at + 2, (widths.add(fields), 0)[1]
assert len(widths) == 1, widths

with open(folder + "/rows.csv", encoding="utf-8", newline="") as file:
    reader = csv.reader(file, strict=True)
    header = next(reader)
    count = 0
    for row, cells in zip(rows, reader):
        assert len(cells) == len(header)
        for name, cell in zip(header, cells):
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"), cell
            want = row.get(name, "")
            got = cell[1:] if cell[:1] == "'" else cell
            assert got == str(want), (name, want, got)
        count += 1
    assert count == len(rows) and next(reader, None) is None

db = sqlite3.connect("file:%s/rows.sqlite?mode=ro" % folder, uri=True)
assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
assert db.execute("SELECT key, value FROM manifest").fetchall() == [("made by", "a test")]
types = {name: kind for _, name, kind, *_ in db.execute("PRAGMA table_info(rows)")}
assert types["number"] == "INTEGER" and types["word"] == "TEXT" and types["time"] == "TEXT", types
indexes = {name for _, name, *_ in db.execute("PRAGMA index_list(rows)")}
assert indexes == {"rows_time", "rows_word"}, indexes
count = 0
for row, cells in zip(rows, db.execute("SELECT * FROM rows ORDER BY rowid")):
    assert {n: c for n, c in zip(types, cells) if c is not None} == row, (row, cells)
    count += 1
assert count == len(rows) == db.execute("SELECT count(*) FROM rows").fetchone()[0]
print("CSV and SQLite: %d rows, as in the NDJSON" % count)
