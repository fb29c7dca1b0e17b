#!/usr/bin/env python3
"""Checks a ledger without a line of Belisha's own code, from docs/formats/ledger.md alone: verify_ledger.py FOLDER

Prints what is wrong, one line each, then "N entries, first to last, F faults". Exit code: 0 when nothing is wrong.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile


def files_of(folder):
    full = sorted((int(m[1]), name) for name in os.listdir(folder)
                  if (m := re.fullmatch(r"ledger\.([0-9]{12,18})", name)))
    names = [name for _, name in full]
    newest = os.path.join(folder, "ledger")
    if os.path.exists(newest):
        names = [n for n in names if not os.path.samefile(os.path.join(folder, n), newest)]
        names.append("ledger")
    return names


def check_signature(folder, words):
    """By openssl, where there is one, with the key beside the ledger."""
    public = os.path.join(folder, "ledger.pub")
    if not os.path.exists(public) or shutil.which("openssl") is None:
        return []
    if len(words) != 6 or words[5] == "-":
        return ["ledger.head: not signed"]
    with tempfile.TemporaryDirectory() as where:
        message, signature = os.path.join(where, "message"), os.path.join(where, "signature")
        with open(message, "w") as file:
            file.write(" ".join(words[:5]))
        with open(signature, "wb") as file:
            file.write(bytes.fromhex(words[5]))
        done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", message,
                               "-sigfile", signature], capture_output=True)
    return [] if done.returncode == 0 else ["ledger.head: signed by nobody we know"]


def check(folder):
    faults, entries = [], []
    before, number, torn = None, None, False
    for name in files_of(folder):
        with open(os.path.join(folder, name), "rb") as file:
            lines = file.read().split(b"\n")
        if lines.pop():
            torn = name == "ledger"
            if not torn:
                faults.append("%s: ends within a line" % name)
        for at, line in enumerate(lines, 1):
            place = "%s:%d: " % (name, at)
            try:
                entry = json.loads(line)
                n = entry["n"]
                for key in ("time", "kind", "object", "by", "uid", "before"):
                    entry[key]
            except (ValueError, KeyError, TypeError):
                faults.append(place + "no entry")
                number = (number or 0) + 1
            else:
                if before is None:
                    if n == 1 and entry["before"] != "0" * 64:
                        faults.append(place + "the first names a line before it")
                else:
                    if entry["before"] != before:
                        faults.append(place + "does not go on from the line before")
                    if n != number + 1:
                        faults.append(place + "%d follows %d" % (n, number))
                entries.append(entry)
                number = n
            before = hashlib.sha256(line + b"\n").hexdigest()
    if entries and entries[0]["n"] > 1:
        gone = {"last": entries[0]["n"] - 1, "hash": entries[0]["before"]}
        if not any(e["kind"] == "ledger.removed" and e.get("detail") == gone for e in entries):
            faults.append("what was before entry %d is gone" % entries[0]["n"])
    try:
        with open(os.path.join(folder, "ledger.head")) as file:
            words = file.read().split()
        head_number, head_hash = int(words[3]), words[4]
    except (OSError, IndexError, ValueError):
        faults.append("ledger.head: not there, or no head")
    else:
        hashes = {}
        for name in files_of(folder):
            with open(os.path.join(folder, name), "rb") as file:
                for line in file.read().split(b"\n")[:-1]:
                    try:
                        hashes[json.loads(line)["n"]] = hashlib.sha256(line + b"\n").hexdigest()
                    except (ValueError, KeyError, TypeError):
                        pass
        faults += check_signature(folder, words)
        if hashes.get(head_number) != head_hash:
            faults.append("ledger.head: entry %d is not the one that it tells of" % head_number)
    return entries, faults, torn


def main():
    entries, faults, torn = check(sys.argv[1])
    for fault in faults:
        print(fault)
    span = "%d to %d" % (entries[0]["n"], entries[-1]["n"]) if entries else "none"
    print("%d entries, %s, %d faults%s" % (len(entries), span, len(faults), ", a torn last line" if torn else ""))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
