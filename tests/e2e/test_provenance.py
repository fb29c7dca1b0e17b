#!/usr/bin/env python3
"""belisha why --provenance: which feeds, which line, since which generation."""
import json
import os
import tarfile

import lab


class Provenance(lab.Case):
    def setUp(self):
        self.dir = self.lab.path(self.id().split(".")[-1])
        os.makedirs(self.dir)
        self.write("belisha.yaml", "state_dir: %s\nlisten: ['127.0.0.1:%d']\nupstreams: [{address: 127.0.0.1}]\n"
                   % (self.dir, lab.PORT))

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def compile(self, *args, code=0):
        done = lab.run([lab.program("blocklist-compiler"), "--quiet", "--out", self.path("blocklist"), *args], check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)

    def compile_recipe(self, text, code=0):
        self.compile("--recipe", self.write("feeds.yaml", text), code=code)

    def why(self, name, *args, check=True):
        return lab.run([lab.program("belisha"), "-c", self.path("belisha.yaml"), "why", "--provenance", name, *args], check)

    def feeds(self, name):
        return {f["name"]: f for f in json.loads(self.why(name, "--json"))["provenance"]["feeds"]}

    def test_each_feed_is_told_with_line_licence_and_generation(self):
        self.write("one.txt", "x.example\na.example\n")
        self.write("two.txt", "0.0.0.0 a.example\n")
        one = "feeds:\n- {name: one, source: one.txt, format: domains, category: gambling, licence: MIT}\n"
        two = "- {name: two, source: two.txt, format: hosts, category: [malware, phishing]}\n"
        self.compile_recipe(one)
        self.compile_recipe(one + two)
        said = self.why("www.a.example")
        self.assertIn("www.a.example: ", said)
        self.assertIn("1 of 2 feeds of %s speaks of www.a.example:\n  feed 'one', licence MIT\n" % self.path("feeds.yaml"), said)
        self.assertIn("    %s\n    since generation 1 (" % self.path("blocklist", "feeds", "one.feed"), said)
        self.assertIn("    line 2: a.example\n      blocks a.example and all below it: gambling\n", said)
        feeds = self.feeds("a.example")
        self.assertEqual(sorted(feeds), ["one", "two"])
        self.assertEqual(feeds["one"]["since"], {"generation": 1, "or_longer": True,
                                                 "built_s": feeds["one"]["since"]["built_s"]})
        self.assertEqual((feeds["two"]["since"]["generation"], feeds["two"]["since"]["or_longer"]), (2, False))
        self.assertEqual(feeds["two"]["lines"], [{
            "file": None, "line": 1, "text": "0.0.0.0 a.example", "effect": "blocks", "extent": "exact",
            "listed": "a.example", "categories": ["malware", "phishing"], "important": False, "spared": False}])
        self.assertIn("none of 2 feeds of %s speaks of other.example\n" % self.path("feeds.yaml"), self.why("other.example"))

    def test_lines_inside_of_an_archive_and_refused_ones(self):
        os.makedirs(self.path("lists", "gambling"))
        self.write("lists/gambling/domains", "a.example\nchildline.org.uk\n")
        self.write("lists/gambling/urls", "b.example/page\n")
        with tarfile.open(self.path("lists.tar.gz"), "w:gz") as archive:
            archive.add(self.path("lists"), "lists")
        self.compile_recipe("feeds:\n- {name: lists, source: lists.tar.gz, format: ut1}\n")
        self.assertIn("gambling/domains line 1: a.example\n      blocks a.example and all below it: gambling\n",
                      self.why("a.example"))
        self.assertIn("gambling/urls line 1: b.example/page\n      listed, but refused: url", self.why("b.example"))
        said = self.why("www.childline.org.uk")
        self.assertIn("listed, but refused: protected-help", said)
        self.assertNotIn("since generation", said)

    def test_a_copy_that_is_newer_or_gone_is_said(self):
        self.write("one.txt", "a.example\n")
        self.compile_recipe("feeds:\n- {name: one, source: one.txt, format: domains, category: gambling}\n")
        copy = self.path("blocklist", "feeds", "one.feed")
        os.utime(copy, (4e9, 4e9))
        self.assertIn("the copy is newer than generation 1", self.why("a.example"))
        self.assertTrue(self.feeds("a.example")["one"]["copy_is_newer"])
        os.remove(copy)
        self.assertIn("(the source: no copy is kept)", self.why("a.example"))
        os.remove(self.path("one.txt"))
        said = self.why("a.example")
        self.assertIn("1 could not be read", said)
        self.assertIn("no copy of it is kept, and its source is no file that can be read", said)
        self.assertIn("a.example: blocked", self.why("a.example", "--recipe", self.path("feeds.yaml")).replace("allowed", "blocked"))

    def test_one_list_from_the_command_line(self):
        mine = self.write("mine.txt", "||a.example^\n")
        self.compile("--list", os.path.relpath(mine), "--format", "adblock", "--category", "gambling")
        said = self.why("www.a.example")
        self.assertIn("the list %s speaks of www.a.example" % mine, said)
        self.assertIn("line 1: ||a.example^\n      blocks a.example and all below it: gambling\n", said)
        self.assertIn("the list %s says nothing of b.example\n" % mine, self.why("b.example"))
        os.remove(mine)
        self.assertIn("no file that can be read", self.why("a.example"))

    def test_what_can_not_be_told_is_said(self):
        self.compile("--list", self.write("mine.txt", "a.example\n"), "--category", "gambling")
        os.remove(self.path("blocklist", "origin"))
        done = self.why("a.example", check=False)
        if not os.path.exists("/etc/belisha/feeds.yaml"):
            self.assertEqual(done.returncode, 1)
            self.assertIn("name the recipe with --recipe FILE", done.stderr)
            self.assertIn("a.example: ", done.stdout)
        bad = self.write("bad.yaml", "feeds: [{name: x}]\n")
        done = self.why("a.example", "--recipe", bad, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("bad.yaml:1", done.stderr)
        done = lab.run([lab.program("belisha"), "-c", self.path("belisha.yaml"), "why", "a.example", "--recipe", bad], False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    lab.main()
