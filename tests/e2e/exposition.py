"""A strict reader of Prometheus' text format 0.0.4: what it does not like is a ValueError with the line."""
import math
import re

FAMILY = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
TYPES = ("counter", "gauge", "histogram")
SUFFIXES = ("_bucket", "_sum", "_count")


class Figures:
    """samples: {(name, ((label, value), ...)): number}; types: {family: type}."""

    def __init__(self):
        self.samples, self.types, self.helps = {}, {}, {}

    def value(self, name, **labels):
        """The sum of all samples of this name that have these labels; KeyError when there is none."""
        found = [v for (n, have), v in self.samples.items() if n == name and labels.items() <= dict(have).items()]
        if not found:
            raise KeyError("%s %s" % (name, labels))
        return sum(found)

    def labels(self, name, label):
        return {dict(have).get(label) for n, have in self.samples if n == name}


def parse(text):
    figures = Figures()
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    current, seen = None, set()
    for line in text[:-1].split("\n"):
        try:
            if line.startswith("# "):
                current = _comment(figures, line, current, seen)
            else:
                _sample(figures, line, current)
        except ValueError as error:
            raise ValueError("%s: %r" % (error, line)) from None
    for family, kind in figures.types.items():
        _check_family(figures, family, kind)
    return figures


def _comment(figures, line, current, seen):
    what, family, rest = line[2:].split(" ", 2)
    if not FAMILY.fullmatch(family):
        raise ValueError("no name of a family")
    if what == "HELP":
        if family in seen:
            raise ValueError("a second HELP, or samples of a family apart from each other")
        seen.add(family)
        figures.helps[family] = rest
        return (family, None)
    if what != "TYPE" or current != (family, None) or rest not in TYPES:
        raise ValueError("HELP, then TYPE")
    figures.types[family] = rest
    return (family, rest)


def _labels(text):
    """'a="b",c="d"}...' -> (((a, b), (c, d)), what is behind the brace)"""
    labels, at = [], 0
    while text[at] != "}":
        if labels:
            if text[at] != ",":
                raise ValueError("no comma between labels")
            at += 1
        name = LABEL.match(text, at)
        if name is None or text[name.end():name.end() + 2] != '="':
            raise ValueError("no label")
        at, value = name.end() + 2, ""
        while text[at] != '"':
            if text[at] == "\\":
                at += 1
                value += {"\\": "\\", '"': '"', "n": "\n"}[text[at]]
            else:
                value += text[at]
            at += 1
        at += 1
        labels.append((name.group(), value))
    if len(dict(labels)) != len(labels):
        raise ValueError("a label twice")
    return tuple(labels), text[at + 1:]


def _sample(figures, line, current):
    name = FAMILY.match(line)
    if current is None or current[1] is None or name is None:
        raise ValueError("no sample")
    family, kind = current
    allowed = [family + s for s in SUFFIXES] if kind == "histogram" else [family]
    if name.group() not in allowed:
        raise ValueError("a sample that is not of the family above it")
    rest, labels = line[name.end():], ()
    if rest.startswith("{"):
        labels, rest = _labels(rest[1:])
    if not re.fullmatch(r" [0-9]+(\.[0-9]+)?", rest):
        raise ValueError("no plain number")
    key = (name.group(), labels)
    if key in figures.samples:
        raise ValueError("a sample twice")
    figures.samples[key] = float(rest)


def _check_family(figures, family, kind):
    if kind == "counter" and not family.endswith("_total"):
        raise ValueError("a counter not called _total: " + family)
    if kind != "histogram":
        return
    series = {}
    for (name, labels), value in figures.samples.items():
        if name == family + "_bucket":
            le = dict(labels)["le"]
            series.setdefault(tuple(l for l in labels if l[0] != "le"), []).append((float(le), value))
    for labels, buckets in series.items():
        bounds = [b for b, _ in buckets]
        counts = [c for _, c in buckets]
        if bounds != sorted(set(bounds)) or bounds[-1] != math.inf or counts != sorted(counts):
            raise ValueError("buckets of %s%s" % (family, labels))
        if figures.samples[(family + "_count", labels)] != counts[-1]:
            raise ValueError("the count of %s%s is not its last bucket" % (family, labels))
        total = figures.samples[(family + "_sum", labels)]
        if (total > 0) != (counts[-1] > 0) and total > 0:
            raise ValueError("the sum of %s%s" % (family, labels))
