"""Reads an export of the query log with the standard library alone and compares CSV, NDJSON and manifests.

usage: check_csv.py CSV NDJSON ROWS"""
import csv
import hashlib
import json
import sys

csv_path, ndjson_path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(csv_path, newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
with open(ndjson_path, encoding="utf-8", newline="\n") as file:
    lines = file.readlines()
objects = [json.loads(line) for line in lines[:-1]]
manifest = json.loads(lines[-1])["manifest"]
with open(csv_path + ".manifest.json", encoding="utf-8") as file:
    sidecar = json.load(file)["manifest"]

assert len(rows) == len(objects) == count, (len(rows), len(objects), count)
for row, entry in zip(rows, objects):
    for name, cell in row.items():
        value = str(entry.get(name, ""))
        wanted = "'" + value if isinstance(entry.get(name), str) and value[:1] in tuple("=+-@\t\r") else value
        assert cell == wanted, (name, cell, wanted)
        assert cell[:1] not in tuple("=+@\t\r"), cell
assert manifest["rows"] == sidecar["rows"] == count
assert sidecar["blake2b_256"] == hashlib.blake2b(open(csv_path, "rb").read(), digest_size=32).hexdigest()
assert manifest["blake2b_256"] == hashlib.blake2b("".join(lines[:-1]).encode(), digest_size=32).hexdigest()
