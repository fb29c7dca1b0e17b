#!/usr/bin/env python3
"""The compiler on a machine in trouble: a full disk, a read-only one, no descriptors left, another compiler at work.

Whatever happens, the list in force is a whole one, and the next run on a sound machine publishes."""
import os
import resource
import subprocess

import lab
import lists
from mounts import MS_RDONLY, MS_REMOUNT, become_owner_of_mounts, call

NAME_COUNT = 20000


class Faults(lab.Case):
    @classmethod
    def set_up(cls):
        cls.disk = cls.lab.path("disk")
        os.mkdir(cls.disk)
        try:
            become_owner_of_mounts()
            cls.no_mounts = None
        except OSError as trouble:
            cls.no_mounts = "no file systems can be mounted here (%s)" % trouble

    def setUp(self):
        self.source = self.lab.path("list.txt")
        self.recipe = self.lab.write("recipe.yaml", "feeds:\n" + "".join(
            "  - { name: %s, source: '%s', format: domains, category: malware, every: 0 }\n" % row
            for row in (("list", self.source), ("second", self.lab.write("second.txt", "second.example\n")))))
        self.out = self.lab.path(self.id().rsplit(".", 1)[1])
        self.version = 0
        self.write_list()

    def write_list(self):
        """The next version of the list: other names, each time as many."""
        self.version += 1
        self.lab.write("list.txt", "".join(self.names(self.version)))

    @staticmethod
    def names(version):
        return ["always.example\n", "only-%d.example\n" % version] + [
            "name%d.version%d.example\n" % (i, version) for i in range(NAME_COUNT)]

    def compile(self, limit=None, expect=None):
        done = subprocess.run([lab.program("blocklist-compiler"), "--recipe", self.recipe, "--out", self.out, "--quiet",
                               "--report-file", "/dev/null", "--keep", "2"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, preexec_fn=limit)
        self.assertNotIn("AddressSanitizer", done.stderr)
        self.assertIn(done.returncode, (0, 1, 2) if expect is None else (expect,), done.stderr)
        return done

    def in_force(self):
        """The version of the list in force, which must be all there."""
        exported = lab.run([lab.program("blocklist-compiler"), "export", "--format", "domains", "--dir", self.out, "--quiet"])
        names = {line.strip() for line in exported.splitlines() if line and not line.startswith("#")}
        version = next(int(name.split(".")[0][5:]) for name in names if name.startswith("only-"))
        self.assertTrue(names >= {name.strip() for name in self.names(version)} | {"second.example"})
        return version

    def check_after(self, before, done):
        """What a run in trouble left behind."""
        if done.returncode == 2:
            self.assertIn("not published", done.stderr)
            self.assertEqual(self.in_force(), before)
        else:
            self.assertIn(self.in_force(), (before, self.version))

    def check_recovers(self):
        self.write_list()
        self.compile(expect=0)
        self.assertEqual(self.in_force(), self.version)
        left = sorted(os.listdir(self.out)) + sorted(os.listdir(os.path.join(self.out, "feeds")))
        self.assertEqual([name for name in left if "tmp" in name or "new" in name], [])
        self.assertEqual(len([name for name in left if name.startswith("generation-")]), 2)

    def mount(self, size):
        if self.no_mounts:
            self.skipTest(self.no_mounts)
        call("mount", b"none", self.disk.encode(), b"tmpfs", 0, b"size=%d" % size)
        self.addCleanup(call, "umount2", self.disk.encode(), 2)
        self.out = os.path.join(self.disk, "lists")

    def test_a_full_disk_leaves_the_list_in_force(self):
        self.mount(32 << 20)
        self.compile(expect=0)
        self.write_list()
        self.compile(expect=0)
        filler = os.path.join(self.disk, "filler")
        stopped = 0
        for free_kib in [0, 4, 8, 16, 64] + list(range(128, 4096, 256)):
            before = self.in_force()
            self.write_list()
            free = os.statvfs(self.disk).f_bavail * os.statvfs(self.disk).f_frsize
            with open(filler, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, free - free_kib * 1024 if free_kib else free)
            done = self.compile()
            with self.subTest(free_kib=free_kib):
                self.check_after(before, done)
                if done.returncode != 0:
                    stopped += 1
                if done.returncode == 2:
                    self.assertIn("No space left", done.stderr)
            os.unlink(filler)
        self.assertGreater(stopped, 3)
        self.check_recovers()

    def test_a_read_only_disk_leaves_the_list_in_force(self):
        self.mount(32 << 20)
        self.compile(expect=0)
        self.write_list()
        call("mount", b"none", self.disk.encode(), b"tmpfs", MS_REMOUNT | MS_RDONLY, None)
        done = self.compile(expect=2)
        self.assertIn("Permission denied", done.stderr)
        self.assertEqual(self.in_force(), 1)
        call("mount", b"none", self.disk.encode(), b"tmpfs", MS_REMOUNT, None)
        self.compile(expect=0)
        self.check_recovers()

    def test_too_few_descriptors_leave_the_list_in_force(self):
        self.compile(expect=0)
        for most in range(4, 40):
            before = self.in_force()
            self.write_list()
            done = self.compile(limit=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
            with self.subTest(most=most):
                self.check_after(before, done)
        self.check_recovers()

    def test_of_two_compilers_one_goes_away(self):
        authority = lists.Authority(self.lab.dir)
        server = lists.Server(lab.PORT, authority.context("home", "127.0.0.1"))
        self.addCleanup(server.close)
        server.pages["/list"] = lambda visit: visit.wait_for_end()
        self.compile(expect=0)
        slow = self.lab.write("slow.yaml", "feeds:\n  - { name: slow, source: '%s', format: domains, category: malware }\n"
                              % server.url("/list"))
        first = self.lab.start([lab.program("blocklist-compiler"), "--recipe", slow, "--out", self.out, "--ca-file",
                                authority.path], "slow")
        lab.wait_until("the first compiler's question", lambda: server.asked("/list"))
        self.write_list()
        done = self.compile(expect=2)
        self.assertIn("another compiler is at work there", done.stderr)
        self.assertEqual(self.in_force(), 1)
        first.kill()
        self.check_recovers()


if __name__ == "__main__":
    lab.main()
