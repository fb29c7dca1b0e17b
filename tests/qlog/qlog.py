#!/usr/bin/env python3
"""Reads the query log from its files alone. Written from docs/formats/qlog.md, with none of the project's code.

    qlog.py rows DIR            every row and gap, a JSON object a line
    qlog.py verify DIR [PEM]    every check, hash and signature; exit code 1 when something is wrong

Who asked is read with the keys that DIR/keys leads to; without them those rows are of nobody.

It needs the libraries libzstd, libxxhash and libsodium, and for signatures the program openssl.
"""
import ctypes
import hashlib
import ipaddress
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

ZSTD = ctypes.CDLL("libzstd.so.1")
ZSTD.ZSTD_decompress.restype = ctypes.c_size_t
ZSTD.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
XXHASH = ctypes.CDLL("libxxhash.so.0")
XXHASH.XXH3_64bits_withSeed.restype = ctypes.c_uint64
XXHASH.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]

WHO = {"client": 10, "device": 11, "user": 12, "policy_version": 13, "group": 14, "grade": 15}
WHAT = {"name": 20, "matched": 21, "type": 22, "class": 23, "rcode": 24, "answer": 25, "answer_count": 26, "action": 27,
        "reason": 28, "category": 29, "match": 30, "match_labels": 31, "unattributed": 32, "feed": 33, "rule": 34,
        "categories": 35, "generation": 36}
PATH = {"transport": 40, "cache": 41, "upstream": 42}
ROWS = {"time": 1, "who": 2, "what": 3, "path": 4, "port": 5, "rtt": 6}
GAPS = {"from": 60, "to": 61, "lost": 62}
ADDRESSES = ("client", "answer")
GROUP, FEED, UPSTREAM = 1, 2, 3
NO_FEED = NO_UPSTREAM = 0xffff


class Damaged(Exception):
    """What was found, in words."""


SODIUM = ctypes.CDLL("libsodium.so.23")


def xxh3(raw, seed=0):
    return XXHASH.XXH3_64bits_withSeed(raw, len(raw), seed)


def unpacked(raw, length):
    """What zstd made of `length` bytes; of another length when it did not."""
    room = ctypes.create_string_buffer(length + 1)
    got = ZSTD.ZSTD_decompress(room, length, raw, len(raw))
    return room.raw[:got] if got <= length else b""


def unsealed(key, header, day, sealed):
    """XChaCha20-Poly1305: nonce, text, tag."""
    room = ctypes.create_string_buffer(len(sealed))
    length = ctypes.c_ulonglong()
    bond = header + struct.pack("<Q", day)
    code = SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(
        room, ctypes.byref(length), None, sealed[24:], ctypes.c_ulonglong(len(sealed) - 24), bond,
        ctypes.c_ulonglong(len(bond)), sealed[:24], key)
    check(code == 0, "a column that its key does not open")
    return room.raw[:length.value]


def stream(key, nonce, length):
    """ChaCha20 (RFC 8439)."""
    room = ctypes.create_string_buffer(length)
    SODIUM.crypto_stream_chacha20_ietf(room, ctypes.c_ulonglong(length), nonce, key)
    return room.raw[:length]


def blake2b(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def check(holds, what):
    if not holds:
        raise Damaged(what)


# ---- values ----

def name_text(wire):
    labels, at = [], 0
    while wire[at]:
        label = wire[at + 1:at + 1 + wire[at]]
        labels.append("".join("\\" + chr(b) if chr(b) in '.\\"();@$' else chr(b) if 0x21 <= b <= 0x7e else "\\%03d" % b
                              for b in label))
        at += 1 + wire[at]
    return ".".join(labels) or "."


def address_text(raw):
    if raw == bytes(16):
        return None
    address = ipaddress.IPv6Address(raw)
    return str(address.ipv4_mapped or address)


# ---- keys of days ----

class Day:
    """The key of a day, and by slot the users and their keys."""

    def __init__(self, raw):
        magic, version, self.day, self.key, digest = struct.unpack_from("<8sII32s8xQ", raw)
        check(magic == b"BLSHDAYK" and version == 1 and digest == xxh3(raw[:56]), "this is no key of a day")
        self.persons = {}
        for at in range(64, len(raw) - 63, 64):
            user, slot, key, digest = struct.unpack_from("<II32s16xQ", raw, at)
            if user and digest == xxh3(raw[at:at + 56]):
                self.persons[slot] = (user, key)


def days(folder):
    found, keys = {}, os.path.join(folder, "keys")
    for file in os.listdir(keys) if os.path.isdir(keys) else []:
        if re.fullmatch(r"\d{4}-\d\d-\d\d\.key", file):
            with open(os.path.join(keys, file), "rb") as content:
                day = Day(content.read())
                found[day.day] = day
    return found


# ---- segments ----

class Block:
    """One block: tables, names, texts, rows, gaps."""

    def __init__(self, raw, keys=None):
        (magic, self.len, digest, self.rows, self.gaps, self.min_ns, self.max_ns, columns, _flags, key_day, self.nonce,
         self.prev) = struct.unpack_from("<IIQIIqqIIQQ32s", raw)
        check(magic == 0x4b4c4251, "this is no block")
        check(self.len == len(raw), "a block of another length")
        check(digest == xxh3(raw[16:]), "a block whose check is wrong")
        self.is_sealed = key_day != 0
        self.day = (keys or {}).get(key_day - 1)
        self.columns, at = {}, 96
        for _ in range(columns):
            number, width, coding, cipher, count, length, _reserved = struct.unpack_from("<BBBBIII", raw, at)
            body = raw[at + 16:at + 16 + length]
            check(len(body) == length, "a column that is cut")
            if cipher == 1 and self.day:
                body = unsealed(self.day.key, raw[at:at + 16], self.day.day, body)
            if cipher == 1 and not self.day:
                width, body = 0, b""         # nobody knows: zero
            elif coding == 1:
                body = unpacked(body, width * count)
            check(len(body) == width * count, "a column of another length")
            self.columns[number] = (width, count, body)
            at += 16 + length
        check(at == len(raw), "bytes behind the last column")

    def numbers(self, column):
        width, count, planes = self.columns[column]
        return [sum(planes[p * count + i] << 8 * p for p in range(width)) for i in range(count)]

    def strings(self, column, size):
        width, count, planes = self.columns[column]
        return [bytes(planes[p * count + i] if p < width else 0 for p in range(size)) for i in range(count)]

    def table(self, fields):
        columns = {name: self.strings(number, 16) if name in ADDRESSES else self.numbers(number)
                   for name, number in fields.items()}
        return [dict(zip(columns, values)) for values in zip(*columns.values())]

    def names(self):
        raw, at, names = self.columns[50][2], 0, []
        while at < len(raw):
            end = at
            while raw[end]:
                end += 1 + raw[end]
            names.append(raw[at:end + 1])
            at = end + 1
        return names

    def texts(self):
        raw, at, texts = self.columns[51][2] if 51 in self.columns else b"", 0, {}
        while at < len(raw):
            kind, version, number, length = struct.unpack_from("<BQHB", raw, at)
            texts[kind, version, number] = raw[at + 12:at + 12 + length].decode()
            at += 12 + length
        return texts

    def persons(self, who):
        """Gives the entries of the who table their persons back, as far as they were not forgotten."""
        for i, (entry, slot) in enumerate(zip(who, self.numbers(16))):
            if slot == 0:
                continue
            entry["user"], key = self.day.persons.get(slot, (0, None))
            client, device = bytearray(entry["client"]), entry["device"]
            mask = stream(key, struct.pack("<QI", self.nonce, i), 20) if key else None
            begin = 12 if client[:12] == bytes(10) + b"\xff\xff" else 0
            for j in range(begin, 16):
                client[j] ^= mask[j] if mask else 0
            entry["client"] = bytes(client) if mask else bytes(16)
            entry["device"] = device ^ struct.unpack("<I", mask[16:])[0] if mask else 0

    def crowds(self, who):
        """Of each row, its entry of the who table; without the key, the first entry of its crowd."""
        members = {}
        for i, entry in enumerate(who):
            members.setdefault((entry["policy_version"], entry["group"], entry["grade"]), []).append(i)
        crowds = list(members.values())
        return [crowds[crowd][rank] for crowd, rank in zip(self.numbers(7), self.numbers(2))]

    def said(self):
        """What digests are made of: of each row (time, rtt, port, what, crowd, path, who), and the gaps; all as bytes but
        for the numbers. A who of None can't be known."""
        who, what, path = self.table(WHO), self.table(WHAT), self.table(PATH)
        names, texts, time = self.names(), self.texts(), self.min_ns
        crowd = self.crowds(who) if self.is_sealed else None
        slots = self.numbers(16) if self.is_sealed else [0] * len(who)
        if self.day:
            self.persons(who)

        def word(kind, version, number):
            text = texts.get((kind, version, number), "").encode()
            return bytes([len(text)]) + text

        whats = [struct.pack("<QQ16sIHHHHBBBBBBB", w["generation"], w["categories"], w["answer"], w["rule"], w["type"],
                             w["class"], w["rcode"], w["feed"], w["answer_count"], w["action"], w["reason"],
                             w["category"], w["match"], w["match_labels"], w["unattributed"]) + names[w["name"]] +
                 (b"\1" + names[w["matched"] - 1] if w["matched"] else b"\0") +
                 (b"\0" if w["feed"] == NO_FEED else word(FEED, w["generation"], w["feed"])) for w in what]
        crowds = [struct.pack("<IHB", w["policy_version"], w["group"], w["grade"]) +
                  word(GROUP, w["policy_version"], w["group"]) for w in who]
        paths = [struct.pack("<HBB", p["upstream"], p["transport"], p["cache"]) +
                 (b"\0" if p["upstream"] == NO_UPSTREAM else word(UPSTREAM, 0, p["upstream"])) for p in path]
        whos = [self.asker(entry, slot) for entry, slot in zip(who, slots)]
        rows = []
        for i, row in enumerate(self.table(ROWS)):
            time += row["time"]
            entry = crowd[i] if crowd else row["who"]
            rows.append((time, row["rtt"], row["port"], whats[row["what"]], crowds[entry], paths[row["path"]],
                         whos[entry]))
        gaps = [struct.pack("<qqQ", gap["from"], gap["to"], gap["lost"]) for gap in self.table(GAPS)] if self.gaps else []
        return rows, gaps

    def asker(self, entry, slot):
        if self.is_sealed and not self.day:
            return None
        asked = entry["client"] + struct.pack("<I", entry["device"])
        if slot == 0:
            return struct.pack("<II", 0, entry["user"]) + asked
        key = self.day.persons.get(slot, (0, None))[1]
        return key and struct.pack("<I", slot) + hashlib.blake2b(asked, key=key, digest_size=16).digest()

    def records(self, node):
        who, what, path = self.table(WHO), self.table(WHAT), self.table(PATH)
        names, texts, time = self.names(), self.texts(), self.min_ns
        rows, crowd = self.table(ROWS), self.crowds(who) if self.is_sealed else None
        if self.day:
            self.persons(who)
        for i, row in enumerate(rows):
            time += row["time"]
            if crowd:
                row["who"] = crowd[i]
            verdict = what[row["what"]]
            yield record(node, time, who[row["who"]], verdict, path[row["path"]], row["port"], row["rtt"],
                         names[verdict["name"]], names[verdict["matched"] - 1] if verdict["matched"] else None, texts)
        for gap in self.table(GAPS) if self.gaps else []:
            yield {"time_ns": gap["from"], "node": node, "lost": gap["lost"]}


def record(node, time, who, what, path, port, rtt, name, matched, texts):
    def word(kind, version, number):
        return texts.get((kind, version, number), str(number))
    return {
        "time_ns": time, "node": node, "client": address_text(who["client"]), "client_port": port,
        "device": who["device"], "user": who["user"], "group": word(GROUP, who["policy_version"], who["group"]),
        "grade": who["grade"], "name": name_text(name), "type": what["type"], "class": what["class"],
        "transport": path["transport"], "action": what["action"], "reason": what["reason"], "category": what["category"],
        "categories": what["categories"], "match": what["match"],
        "matched_name": name_text(matched) if matched else None, "match_labels": what["match_labels"],
        "feed": None if what["feed"] == NO_FEED else word(FEED, what["generation"], what["feed"]),
        "rule": what["rule"], "rcode": what["rcode"], "answer": address_text(what["answer"]),
        "answer_count": what["answer_count"],
        "upstream": None if path["upstream"] == NO_UPSTREAM else word(UPSTREAM, 0, path["upstream"]),
        "cache": path["cache"], "rtt_us": rtt, "generation": what["generation"],
        "policy_version": who["policy_version"]}


class Digest:
    """rows and who of a segment, block by block as it was first written."""

    def __init__(self):
        self.rows, self.who, self.is_known = hashlib.blake2b(digest_size=32), hashlib.blake2b(digest_size=32), True

    def add(self, rows, gaps, day):
        def numbered(values):
            numbers = {}
            indices = [numbers.setdefault(value, len(numbers)) for value in values]
            table = b"".join(numbers)
            return struct.pack("<%dH" % len(indices), *indices), struct.pack("<I", len(table)) + table
        times, rtts, ports, whats, crowds, paths, whos = zip(*rows) if rows else [()] * 7
        tables = [numbered(values) for values in (whats, crowds, paths)]
        self.rows.update(struct.pack("<II", len(rows), len(gaps)) + struct.pack("<%dq" % len(rows), *times) +
                         struct.pack("<%dI" % len(rows), *rtts))
        for part in (0, 1):
            for table in tables:
                self.rows.update(table[part])
        self.rows.update(b"".join(gaps))
        if not rows:
            return
        if None in whos:
            self.is_known = False
            return
        key = hashlib.blake2b(b"belisha who asked", key=day.key, digest_size=32).digest() if day else b""
        block = hashlib.blake2b(struct.pack("<%dH" % len(rows), *ports), key=key, digest_size=32)
        for part in numbered(whos):
            block.update(part)
        self.who.update(block.digest())


class Hints:
    """What blocks can't have: categories, verdicts, names."""

    def __init__(self, raw):
        blocks, self.hashes, self.labels, words = struct.unpack_from("<IIII", raw)
        self.blocks = [struct.unpack_from("<QIII", raw, 16 + 24 * i) for i in range(blocks)]
        self.words = struct.unpack_from("<%dQ" % words, raw, 16 + 24 * blocks)

    def may_have(self, i, name):
        """Whether a name at or below this one may be in block i."""
        _categories, _actions, at, words = self.blocks[i]
        value = xxh3(name) or 1
        low, high = value & 0xffffffff, value >> 32 | 1
        bits = [((low + j * high) % 2 ** 32 * words * 64) >> 32 for j in range(self.hashes)]
        return words > 0 and all(self.words[at + bit // 64] >> bit % 64 & 1 for bit in bits)

    def verify(self, i, block):
        """Nothing that is in the block is denied."""
        what = block.table(WHAT) if block.rows else []
        categories, actions = self.blocks[i][:2]
        for entry in what:
            check(entry["category"] > 63 or categories >> entry["category"] & 1, "a hint that denies a category")
            check(actions >> entry["action"] & 1, "a hint that denies a verdict")
        for name in block.names() if block.rows else []:
            starts, at = [], 0
            while name[at]:
                starts.append(at)
                at += 1 + name[at]
            for start in starts[-self.labels:-1]:
                check(self.may_have(i, name[start:]), "a hint that denies a name")


class Origin:
    """What a merged segment keeps of one that it stands for."""

    def __init__(self, raw, at):
        (self.sequence, self.version, self.flags, length, blocks, self.key_id, self.signature, self.prev, self.last,
         self.chain, self.rows, self.who) = struct.unpack_from("<QIIII16s64s32s32s32s32s32s", raw, at)
        self.stem, at = raw[at + 264:at + 264 + length], at + 264 + length
        self.blocks = [struct.unpack_from("<II", raw, at + 8 * i) for i in range(blocks)]
        self.end = at + 8 * blocks

    def pledge(self):
        return b"belisha segment\n" + struct.pack("<Q", self.sequence) + self.chain


class Segment:
    def __init__(self, raw):
        magic, self.version, _length, self.sequence, self.prev, digest = struct.unpack_from("<8sIIQ32sQ", raw)
        check(magic == b"BLSHSEG1" and self.version in (1, 2), "this is no segment of version 1 or 2")
        check(digest == xxh3(raw[:56]), "a header whose check is wrong")
        trailer = raw[-144:]
        (at, length, self.flags, self.key_id, self.chain, digest, self.signature,
         magic) = struct.unpack("<QII16s32sQ64s8s", trailer)
        check(magic == b"BLSHSEGF" and at + length + 144 == len(raw), "a trailer that is none")
        self.footer = raw[at:at + length]
        check(digest == xxh3(self.footer + trailer[:64]), "a footer whose check is wrong")
        (node, self.first_ns, self.last_ns, self.rows, self.lost, _first, _last, blocks,
         journals) = struct.unpack_from("<64sqqQQQQII", self.footer)
        self.node = node.split(b"\0")[0].decode()
        self.blocks, at, self.stem = [], 120, self.footer
        if self.version == 2:
            self.digests, self.rest, at = self.footer[120:184], self.footer[184:216], 216
            self.stem = self.footer[:216]
        for _ in range(blocks):
            offset, size, _rows, _gaps, _reserved, _min, _max, digest = struct.unpack_from("<QIIIIqq32s", self.footer, at)
            self.blocks.append((raw[offset:offset + size], digest))
            at += 72
        self.journals = dict(struct.unpack_from("<QQ", self.footer, at + 16 * i) for i in range(journals))
        at, self.origins, self.hints = at + 16 * journals, [], None
        while self.version == 2 and at < len(self.footer):
            kind, length = struct.unpack_from("<II", self.footer, at)
            place, end, at = at + 8, at + 8 + length, at + 8 + (length + 7) // 8 * 8
            while kind == 1 and place < end:
                self.origins.append(Origin(self.footer, place))
                place = self.origins[-1].end
            if kind == 16:
                self.hints = Hints(self.footer[place:end])
        check(bool(self.flags & 4) == bool(self.origins), "a merged segment that stands for nothing")

    def chain_end(self):
        """What the next segment goes on from."""
        return self.origins[-1].chain if self.origins else self.chain

    def records(self, keys):
        for raw, _digest in self.blocks:
            yield from Block(raw, keys).records(self.node)

    def pledge(self):
        return (b"belisha merged \n" if self.origins else b"belisha segment\n") + struct.pack("<Q", self.sequence) + self.chain

    def digests_verify(self, keys):
        """The digests once more: block by block as the rows were first written."""
        blocks = [Block(raw, keys) for raw, _digest in self.blocks]
        said = [block.said() for block in blocks]
        day = next((block.day for block in blocks if block.rows), None)
        if not self.origins:
            digest = Digest()
            for (rows, gaps), block in zip(said, blocks):
                digest.add(rows, gaps, block.day)
            check(digest.rows.digest() == self.digests[:32], "rows of another digest")
            check(not digest.is_known or digest.who.digest() == self.digests[32:], "who asked has another digest")
            return
        rows, gaps = iter([row for part, _gaps in said for row in part]), iter([gap for _rows, part in said for gap in part])
        for origin in self.origins:
            digest = Digest()
            for row_count, gap_count in origin.blocks:
                digest.add([next(rows) for _ in range(row_count)], [next(gaps) for _ in range(gap_count)], day)
            check(digest.rows.digest() == origin.rows, "rows that are not those of the merged segment")
            check(not digest.is_known or origin.who in (digest.who.digest(), bytes(32)),
                  "who asked is not as in the merged segment")
        check(next(rows, None) is None and next(gaps, None) is None, "more rows than the merged segments had")

    def origins_verify(self, first):
        prev, expected, rows, lost = self.prev, first, 0, 0
        for origin in self.origins:
            check(origin.sequence == expected and origin.prev == prev, "a merged segment that does not follow the one before")
            check(blake2b(origin.last, origin.stem) == origin.chain, "a merged segment of another chain value")
            check(origin.version == 1 or origin.stem[120:184] == origin.rows + origin.who, "a merged segment of another digest")
            counted = struct.unpack_from("<QQ", origin.stem, 80)
            check(sum(count for count, _gaps in origin.blocks) == counted[0], "a merged segment of other rows")
            prev, expected, rows, lost = origin.chain, expected + 1, rows + counted[0], lost + counted[1]
        check(expected == self.sequence + 1 and (rows, lost) == (self.rows, self.lost), "merged segments that are not all there")

    def verify(self):
        prev, rows, lost = self.prev, 0, 0
        check(self.hints is None or len(self.hints.blocks) == len(self.blocks), "hints of other blocks")
        for i, (raw, digest) in enumerate(self.blocks):
            block = Block(raw)
            if self.hints:
                self.hints.verify(i, block)
            check(block.prev == prev, "a block that does not follow the one before it")
            check(blake2b(raw) == digest, "a block of another hash")
            prev, rows = digest, rows + block.rows
            lost += sum(gap["lost"] for gap in block.table(GAPS)) if block.gaps else 0
        check(blake2b(prev, self.stem) == self.chain, "a footer that does not belong to the blocks")
        check(self.version == 1 or blake2b(self.footer[216:]) == self.rest, "a footer of another hash")
        check((rows, lost) == (self.rows, self.lost), "a footer that counts other rows")


def segments(folder):
    """File, first and last sequence, bytes. A merged one takes the place of those it stands for."""
    found, covered = [], 0
    for file in os.listdir(folder):
        match = re.fullmatch(r"segment-\d+-(\d+)(?:-(\d+))?\.qlog", file)
        if match:
            found.append((int(match[1]), -int(match[2] or match[1]), file))
    for first, last, file in sorted(found):
        if -last <= covered:
            continue
        covered = -last
        with open(os.path.join(folder, file), "rb") as stream:
            yield file, first, -last, stream.read()


# ---- journals ----

def parts(raw, at, head_len, more):
    """What follows a head: an address, then `more` bytes if they are there. Their flags are the head's last byte."""
    flags, end, address = raw[at + head_len - 1], at + head_len, bytes(16)
    if flags & 1:
        address, end = bytes(10) + b"\xff\xff" + raw[end:end + 4], end + 4
    elif flags & 2:
        address, end = raw[end:end + 16], end + 16
    rest = raw[end:end + more] if flags & 4 else bytes(more)
    return address, rest, end + (more if flags & 4 else 0)


def journal_record(node, body, texts):
    time, _kind, name_len, matched_len, transport, rtt, port, upstream, cache = struct.unpack_from("<qBBBBIHHB", body)
    who = dict(zip(("policy_version", "group", "grade"), struct.unpack_from("<IHB", body, 24)))
    who["client"], more, at = parts(body, 24, 8, 8)
    who["device"], who["user"] = struct.unpack("<II", more)
    what = dict(zip(("generation", "type", "class", "rcode", "feed", "answer_count", "action", "reason", "category", "match",
                     "match_labels", "unattributed"), struct.unpack_from("<QHHHHBBBBBBB", body, at)))
    what["answer"], more, at = parts(body, at, 24, 12)
    what["categories"], what["rule"] = struct.unpack("<QI", more)
    name, matched = body[at:at + name_len], body[at + name_len:at + name_len + matched_len]
    path = {"transport": transport, "cache": cache, "upstream": upstream}
    return record(node, time, who, what, path, port, rtt, name, matched or None, texts)


def journal_records(raw, from_offset, texts):
    magic, version, _worker, number, _bytes, node, digest, absorbed = struct.unpack_from("<8sIIQQ64sQQ", raw)
    check(magic == b"BLSHJRNL" and version == 2, "this is no journal of version 2")
    check(digest == xxh3(raw[:96]), "a header whose check is wrong")
    node, at = node.split(b"\0")[0].decode(), max(128, absorbed, from_offset.get(number, 0))
    while at + 8 <= len(raw):
        length, digest = struct.unpack_from("<II", raw, at)
        entry = raw[at + 8:at + length]
        seed = (number + at) % (1 << 64)
        if length < 24 or length % 8 or at + length > len(raw) or digest != xxh3(entry, seed) & 0xffffffff:
            rest = re.compile(rb"[^\0]").search(raw, at + 8)
            if rest is None:
                break
            at = max(at + 8, rest.start() // 8 * 8)  # damage: what lies behind it is good
            continue
        if entry[8] == 1:
            yield journal_record(node, entry, texts)
        elif entry[8] == 2:
            begin, _end, lost = struct.unpack_from("<q8xqQ", entry)
            yield {"time_ns": begin, "node": node, "lost": lost}
        at += length


def journals(folder):
    """Their bytes, read before the segments are: what a segment takes over meanwhile is known by its marks."""
    for file in sorted(os.listdir(folder)):
        if re.fullmatch(r"journal-[0-9a-f]+\.jnl", file):
            memory = os.path.join(folder, "memory", file)
            with open(memory if os.path.exists(memory) else os.path.join(folder, file), "rb") as stream:
                raw = stream.read()
            if raw.strip(b"\0"):  # else nothing was ever written
                yield raw


# ---- the whole log ----

def records(folder):
    images, absorbed, texts, keys = list(journals(folder)), {}, {}, days(folder)
    for _file, _first, _last, raw in segments(folder):
        segment = Segment(raw)
        yield from segment.records(keys)
        for number, position in segment.journals.items():
            absorbed[number] = max(position, absorbed.get(number, 0))
    words = os.path.join(folder, "words.json")
    if os.path.exists(words):
        with open(words) as stream:
            texts = {(w["kind"], w["version"], w["number"]): w["word"] for w in json.load(stream)}
    for image in images:
        yield from journal_records(image, absorbed, texts)


def signature_is_right(pem, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        for file, content in (("message", message), ("signature", signature)):
            with open(os.path.join(folder, file), "wb") as stream:
                stream.write(content)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in",
                               os.path.join(folder, "message"), "-sigfile", os.path.join(folder, "signature")],
                              capture_output=True).returncode == 0


def signature_check(folder, pem, signed, flags, key_id, pledge, signature):
    """Whether there is one."""
    check(flags & 1 or not (signed or pem), "it is not signed")
    if flags & 1:
        key = pem or os.path.join(folder, "key-%s.pem" % key_id.hex())
        check(signature_is_right(key, pledge, signature), "its signature is not right")
    return signed or bool(flags & 1)


def removed(folder):
    """What is left of segments that retention took from between others."""
    path, at, found = os.path.join(folder, "removed"), 0, {}
    if os.path.exists(path):
        with open(path, "rb") as stream:
            raw = stream.read()
        while at + 264 <= len(raw):
            origin = Origin(raw, at)
            found[origin.sequence], at = origin, origin.end
    return found


def verify(folder, pem=None):
    """Faults, as (file, words)."""
    prev, expected, faults, signed, keys = None, None, [], False, days(folder)
    for file, first, last, raw in segments(folder):
        try:
            while expected is not None and expected < first and expected in removed(folder):
                origin = removed(folder)[expected]
                check(prev in (None, origin.prev), "a removed segment that does not follow the one before it")
                check(blake2b(origin.last, origin.stem) == origin.chain, "a removed segment of another chain value")
                signed = signature_check(folder, pem, signed, origin.flags, origin.key_id, origin.pledge(), origin.signature)
                prev, expected = origin.chain, expected + 1
            segment = Segment(raw)
            check(segment.sequence == last and (first == last) == (not segment.origins), "a file with the name of another segment")
            check(expected in (None, first), "a segment before this one is missing")
            check(prev in (None, segment.prev), "a segment that does not follow the one before it")
            segment.verify()
            if segment.origins:
                segment.origins_verify(first)
            if segment.version == 2:
                segment.digests_verify(keys)
            for part in [segment] + segment.origins:
                signed = signature_check(folder, pem, signed, part.flags, part.key_id, part.pledge(), part.signature)
            prev = segment.chain_end()
        except (Damaged, struct.error) as trouble:
            faults.append((file, str(trouble)))
            prev = None
        expected = last + 1
    return faults


def main(argv):
    if len(argv) >= 3 and argv[1] == "rows":
        for row in records(argv[2]):
            print(json.dumps(row))
        return 0
    if len(argv) >= 3 and argv[1] == "verify":
        faults = verify(*argv[2:4])
        for file, what in faults:
            print("%s: %s" % (file, what))
        print("%d faults" % len(faults))
        return 1 if faults else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
