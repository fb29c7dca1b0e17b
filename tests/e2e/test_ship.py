#!/usr/bin/env python3
"""Rows for a region: every row of the log arrives once, in a real ClickHouse (Debian's), whatever is killed or cut on the way; and
the queries of docs/shipping.md are true."""
import collections
import itertools
import json
import os
import random
import re
import socket
import subprocess
import time

import lab
from certificates import make_certificate
from clickhouse import PASSWORD, Node
from lab import PORT
from weak_line import WeakLine

MAKE_LOG = os.path.join(lab.BUILD, "tests", "ship", "ship_make_log")
DATA = os.path.join(lab.ROOT, "data", "clickhouse")
CONFIG = """
state_dir: %(dir)s
log: { node: %(node)s }
shipping:
  site: %(site)s
  destinations:
    - name: region
      kind: clickhouse
      address: [%(addresses)s]
      user: school
      password: password
      pseudonym_key: key
      timeout: 10s
"""


def ddl(name):
    with open(os.path.join(DATA, name + ".sql")) as file:
        return file.read()


def plain(text):
    """The table as it is, but one that keeps what is there twice: nothing hides a row that came twice."""
    assert "ReplacingMergeTree()" in text
    return text.replace("ReplacingMergeTree()", "MergeTree()")


def fill(folder):
    """Until nothing more has room there."""
    for number in itertools.count():
        try:
            with open(os.path.join(folder, "ballast-%d" % number), "wb", buffering=0) as file:
                while file.write(b"x" * 512):
                    pass
        except OSError:
            if number > 0:
                return


def unfill(folder):
    for name in os.listdir(folder):
        if name.startswith("ballast-"):
            os.unlink(os.path.join(folder, name))


class School:
    """A log, and its configuration."""

    def __init__(self, test_lab, site, addresses):
        self.lab = test_lab
        self.site = site
        self.node = site + "-1"
        self.dir = test_lab.path(site)
        os.makedirs(self.dir)
        for name, text in (("password", PASSWORD), ("key", "0123456789abcdef" * 2)):
            with open(os.open(os.path.join(self.dir, name), os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                file.write(text + "\n")
        self.config = test_lab.write(site + ".yaml", CONFIG % {
            "dir": self.dir, "node": self.node, "site": site, "addresses": ", ".join(addresses)})
        self.made = 0

    def add(self, rows, segments, first_s=None):
        """More rows, in so many segments."""
        first_s = int(time.time()) - 86400 + self.made if first_s is None else first_s
        lab.run([MAKE_LOG, self.dir, self.node, str(rows), str(segments), str(first_s), str(self.made)])
        self.made += rows

    def argv(self, *words):
        return [lab.program("belisha"), "-c", self.config, "log", *words]

    def follow(self):
        return self.lab.start(self.argv("ship", "--to", "region", "--follow"), "ship-" + self.site)

    def once(self, check=True):
        return lab.run(self.argv("ship", "--to", "region"), check)

    def place(self):
        try:
            with open(os.path.join(self.dir, "log", "shipping", "region.json")) as file:
                return json.load(file)
        except FileNotFoundError:
            return {"rows_sent": 0, "segment": 0, "retries": 0, "batches": 0}

    def segments(self):
        return sum(name.endswith(".qlog") for name in os.listdir(os.path.join(self.dir, "log")))

    def is_through(self):
        return self.place()["segment"] == self.segments() + 1

    def exported(self):
        """What is compared of a row, as the log itself exports it; how often each."""
        text = lab.run(self.argv("export", "--format", "ndjson"))
        rows = (json.loads(line) for line in text.splitlines())
        return collections.Counter(
            (row["time"][:19].replace("T", " "), "statutory.invalid" if row["reason"] == "statutory" else row["name"].rstrip("."),
             row["type"], row["verdict"], row.get("category", ""), row["rtt_us"], row["group"])
            for row in rows if "manifest" not in row)


class Faults(lab.Case):
    """One server, over a line that breaks."""

    @classmethod
    def set_up(cls):
        cls.node = Node(cls.lab, "a", PORT, PORT + 1, PORT + 2).start()
        cls.node.run_file(plain(ddl("debian")))
        cls.line = WeakLine(PORT + 3, PORT)
        cls.lab.closers.append(cls.line.close)

    def school(self, name, address=PORT + 3):
        return School(self.lab, name, ["http://127.0.0.1:%d" % address])

    def assert_once(self, school):
        rows = self.node.rows("SELECT time, name, type, verdict, category, rtt_us, group_name FROM belisha.rows WHERE site = '%s' AND kind = 'row'"
                              % school.site)
        found = collections.Counter((r[0], r[1], r[2], r[3], r[4], int(r[5]), r[6]) for r in rows)
        expected = school.exported()
        self.assertEqual(sum(found.values()), school.made)
        self.assertEqual(found, expected)
        count, ids = self.node.rows("SELECT count(), uniqExact(node, segment, kind, number) FROM belisha.rows WHERE site = '%s'" % school.site)[0]
        self.assertEqual(count, ids)

    def test_a_line_that_breaks_loses_and_doubles_nothing(self):
        self.line.fates = itertools.cycle(["swallow-answer", "pass", "cut-request", "refuse", "swallow-answer", "cut-request", "pass"])
        school = self.school("oakfield")
        school.add(60000, 12)
        school.once()
        for fate in ("swallow-answer", "cut-request", "refuse"):
            self.assertGreater(self.line.seen[fate], 1)
        self.assertGreater(school.place()["retries"], 6)
        self.assert_once(school)

    def test_a_place_from_a_backup_doubles_nothing(self):
        self.line.fates = itertools.repeat("pass")
        school = self.school("elmwood")
        school.add(20000, 4)
        school.once()
        path = os.path.join(school.dir, "log", "shipping", "region.json")
        with open(path) as file:
            old = file.read()
        school.add(20000, 4)
        school.once()
        with open(path, "w") as file:
            file.write(old)
        school.add(10000, 2)
        school.once()
        os.unlink(path)
        school.once()
        self.assert_once(school)

    def test_a_killed_shipper_goes_on_where_it_was(self):
        self.line.fates = itertools.repeat("pass")
        school = self.school("beechwood")
        school.add(100000, 100)
        chance = random.Random(1)
        kills = 0
        while not school.is_through():
            before = school.place()["batches"]
            shipper = school.follow()
            wanted = before + chance.randrange(1, 12)
            lab.wait_until("a few batches", lambda: school.place()["batches"] >= wanted or school.is_through(), 30, 0.001)
            kills += not school.is_through()
            shipper.kill()
        self.assertGreater(kills, 5)
        self.assert_once(school)

    def test_a_full_disk_stops_it_before_anything_is_in_doubt(self):
        self.line.fates = itertools.repeat("pass")
        school = self.school("ashfield")
        school.add(20000, 20)
        small = os.path.join(school.dir, "log", "shipping")
        os.mkdir(small)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest("no tmpfs here: " + mounted.stderr.strip())
        shipper = school.follow()
        try:
            lab.wait_until("the first batches", lambda: school.place()["batches"] >= 3, 30)
            fill(small)
            lab.wait_until("a word about it", lambda: "can't be written down" in shipper.output() or school.is_through(), 30)
            self.assertIn("No space left", shipper.output())
            unfill(small)
            lab.wait_until("the rest", school.is_through, 60)
        finally:
            self.assertEqual(shipper.stop(), 0)
            subprocess.run(["umount", "--lazy", small], check=True)
        self.lab.processes.remove(shipper)
        self.assert_once(school)

    def test_what_is_lost_is_said(self):
        self.line.fates = itertools.repeat("pass")
        school = self.school("yewtree")
        school.add(5000, 5)
        school.once()
        school.add(5000, 5)
        log = os.path.join(school.dir, "log")
        names = sorted(n for n in os.listdir(log) if n.endswith(".qlog"))
        os.unlink(os.path.join(log, names[5]))
        os.unlink(os.path.join(log, names[6]))
        with open(os.path.join(log, names[8]), "r+b") as file:
            file.seek(400)
            file.write(b"damage")
        school.once()
        said = self.node.rows("SELECT kind, segment, lost FROM belisha.rows WHERE site = 'yewtree' AND kind != 'row' ORDER BY segment")
        self.assertEqual(said, [["removed", "6", "2"], ["damaged", "9", "1000"]])
        status = lab.run(school.argv("ship", "--status"), check=False)
        self.assertIn("2 segments were removed by retention before they were sent", status.stdout)
        self.assertIn("1000 rows stand in damaged blocks", status.stdout)
        self.assertEqual(self.node.ask("SELECT count() FROM belisha.rows WHERE site = 'yewtree' AND kind = 'row'"), "7000\n")

    def test_what_is_wrong_is_told_and_is_an_alarm(self):
        school = self.school("maple", address=PORT + 9)
        school.add(1000, 1, first_s=int(time.time()) - 20 * 3600)
        done = school.once(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1", done.stderr)
        status = lab.run(school.argv("ship", "--status"), check=False)
        self.assertEqual(status.returncode, 1)
        self.assertIn("ALARM", status.stdout)
        self.assertIn("it has failed for", status.stdout)
        metrics = lab.run(school.argv("ship", "--metrics"), check=False).stdout
        self.assertIn('belisha_ship_alarm{destination="region"} 1', metrics)
        self.assertIn('belisha_ship_segments_waiting{destination="region"} 1', metrics)

    def test_the_ledger_says_what_leaves_and_why(self):
        conf = ("shipping: { destinations: [ { name: region, kind: clickhouse, address: 'https://127.0.0.1:%d', identities: full, "
                "reason: the helpdesk of the trust answers for us } ] }\n" % (PORT + 9))
        server = self.lab.serve(5, ["127.0.0.1:%d" % (PORT + 8)], ["blocked.example.net"], conf=conf)
        server.ask("blocked.example.net")
        server.operator("log", "ship", "--to", "region")
        entries = server.operator("ledger", "show")
        for word in ("log.ship", "to=region", "identities=full", "reason=the helpdesk of the trust answers for us"):
            self.assertIn(word, entries)

    def test_rows_of_a_living_resolver_arrive_by_themselves(self):
        self.line.fates = itertools.repeat("pass")
        conf = ("log: { segment_age: 1s }\nshipping: { site: willow, destinations: [ { name: region, kind: clickhouse, "
                "address: 'http://127.0.0.1:%d', user: school, password: '%s', identities: none } ] }\n"
                % (PORT, self.lab.write("password", PASSWORD + "\n")))
        os.chmod(self.lab.path("password"), 0o600)
        server = self.lab.serve(6, ["127.0.0.1:%d" % (PORT + 8)], ["blocked.example.net"], conf=conf, subdir="willow")
        server.ask("first.blocked.example.net")
        shipper = self.lab.start([lab.program("belisha"), *server.config, "log", "ship", "--to", "region", "--follow"], "ship-willow")
        for turn in range(3):
            server.ask("turn%d.blocked.example.net" % turn, client="127.0.0.2")
            query = "SELECT count() FROM belisha.rows WHERE site = 'willow' AND name = 'turn%d.blocked.example.net' AND blocked = 1" % turn
            lab.wait_until("the row of turn %d" % turn, lambda: self.node.ask(query) == "1\n", 30, 0.1)
        self.assertEqual(shipper.stop(), 0)
        self.lab.processes.remove(shipper)
        count, ids, people = self.node.rows(
            "SELECT count(), uniqExact(node, segment, kind, number), countIf(client != 0 OR person != 0) FROM belisha.rows WHERE site = 'willow'")[0]
        self.assertEqual((count, ids, people), ("4", "4", "0"))

    def test_two_shippers_do_not_meet(self):
        self.line.fates = itertools.repeat("pass")
        school = self.school("hazel")
        school.add(1000, 1)
        shipper = school.follow()
        lab.wait_until("the first batch", school.is_through, 30)
        done = school.once(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another program ships to it already", done.stderr)
        self.assertEqual(shipper.stop(), 0)
        self.lab.processes.remove(shipper)


class Cluster(lab.Case):
    """Two servers with a distributed table; each is killed while rows come, and so is the shipper."""

    @classmethod
    def set_up(cls):
        shards = [PORT + 1, PORT + 4]
        cls.nodes = [Node(cls.lab, "a", PORT, PORT + 1, PORT + 2, shards), Node(cls.lab, "b", PORT + 3, PORT + 4, PORT + 5, shards)]
        for node in cls.nodes:
            node.start()
            node.run_file(plain(ddl("debian")))
            node.run_file(ddl("cluster"))

    def test_every_row_arrives_once_though_servers_and_shipper_are_killed(self):
        school = School(self.lab, "oakfield", ["http://127.0.0.1:%d" % node.http for node in self.nodes])
        chance = random.Random(4)
        shipper = None
        for turn in range(6):
            school.add(18000, 24)
            if shipper is None or not shipper.is_running():
                shipper = school.follow()
            victim = self.nodes[turn % 2]
            wanted = school.place()["batches"] + chance.randrange(2, 10)
            lab.wait_until("batches of turn %d" % turn, lambda: school.place()["batches"] >= wanted, 60, 0.001)
            victim.kill()
            if turn % 3 == 2:
                shipper.kill()
                shipper = school.follow()
            if turn % 2 == 1:  # it may well fail for a while, as half of the rows belong to who is away
                lab.wait_until("a failure", lambda: school.place()["failing_s"] > 0 or school.is_through(), 60)
            victim.start()
        lab.wait_until("the rest", school.is_through, 120)
        self.assertEqual(shipper.stop(), 0)
        self.lab.processes.remove(shipper)
        self.assertGreater(school.place()["retries"], 0)
        self.assert_all_there(school)

    def assert_all_there(self, school):
        for node in self.nodes:
            query = "SELECT count(), uniqExact(site, node, segment, kind, number) FROM belisha.rows"
            self.assertEqual(node.rows(query), [[str(school.made)] * 2])
        parts = [int(node.ask("SELECT count() FROM belisha.rows_local")) for node in self.nodes]
        self.assertEqual(sum(parts), school.made)
        self.assertTrue(all(parts), parts)
        rows = self.nodes[0].rows("SELECT time, name, type, verdict, category, rtt_us, group_name FROM belisha.rows")
        found = collections.Counter((r[0], r[1], r[2], r[3], r[4], int(r[5]), r[6]) for r in rows)
        self.assertEqual(found, school.exported())


class Secure(lab.Case):
    """Over TLS, with a password."""

    @classmethod
    def set_up(cls):
        make_certificate(cls.lab.path, "server", "logs.region.example")
        make_certificate(cls.lab.path, "other", "logs.region.example")
        cls.node = Node(cls.lab, "a", PORT, PORT + 1, PORT + 2, https=(PORT + 3, cls.lab.path("server"))).start()
        cls.node.run_file(ddl("debian"))

    def school(self, name, ca):
        school = School(self.lab, name, ["https://127.0.0.1:%d" % (PORT + 3)])
        with open(school.config, "a") as file:
            file.write("      ca: %s\n" % self.lab.path(ca))
        school.add(5000, 2)
        return school

    def test_rows_arrive_over_tls(self):
        school = self.school("oakfield", "server.pem")
        school.once()
        self.assertEqual(self.node.ask("SELECT count() FROM belisha.rows WHERE site = 'oakfield'"), "5000\n")

    def test_a_server_with_another_certificate_gets_nothing(self):
        school = self.school("elmwood", "other.pem")
        done = school.once(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("certificate", done.stderr)
        self.assertEqual(self.node.ask("SELECT count() FROM belisha.rows WHERE site = 'elmwood'"), "0\n")

    def test_a_wrong_password_is_told_and_stands_nowhere(self):
        school = self.school("beechwood", "server.pem")
        with open(os.path.join(school.dir, "password"), "w") as file:
            file.write("wrong-password\n")
        done = school.once(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Wrong password", done.stderr)
        self.assertNotIn("wrong-password", done.stderr + json.dumps(school.place()))


SYSLOG = """
module(load="imtcp" streamDriver.name="%(driver)s" streamDriver.mode="%(mode)d" streamDriver.authMode="anon")
global(defaultNetstreamDriver="%(driver)s"%(files)s workDirectory="%(dir)s" maxMessageSize="64k")
template(name="all" type="string" string="%%pri%% %%hostname%% %%app-name%% %%msgid%% %%structured-data%% %%msg%%\\n")
input(type="imtcp" address="127.0.0.1" port="%(port)d")
action(type="omfile" file="%(out)s" template="all")
"""


class Syslog(lab.Case):
    """A real rsyslogd."""

    def rsyslogd(self, name, port, tls=False):
        files = ' defaultNetstreamDriverCAFile="%s" defaultNetstreamDriverCertFile="%s" defaultNetstreamDriverKeyFile="%s"' % (
            (self.lab.path("server.pem"),) * 2 + (self.lab.path("server.key"),)) if tls else ""
        conf = self.lab.write(name + ".conf", SYSLOG % {
            "driver": "gtls" if tls else "ptcp", "mode": int(tls), "files": files, "dir": self.lab.dir, "port": port,
            "out": self.lab.path(name + ".out")})
        process = self.lab.start(["/usr/sbin/rsyslogd", "-n", "-f", conf, "-i", self.lab.path(name + ".pid")], name)

        def listens():
            assert process.is_running(), process.output()
            with socket.socket() as sock:
                return sock.connect_ex(("127.0.0.1", port)) == 0
        lab.wait_until("rsyslogd", listens, lab.START_S, 0.05)
        return process

    def school(self, name, address, *more):
        school = School(self.lab, name, [address])
        with open(school.config) as file:
            text = file.read().replace("kind: clickhouse", "kind: syslog")
        text = "".join(line for line in text.splitlines(True) if not re.search("user:|password:|timeout:", line))
        self.lab.write(name + ".yaml", text + "      timeout: 20s\n" + "".join("      %s\n" % line for line in more))
        return school

    def messages(self, name):
        """By id: the fields of each."""
        found = {}
        with open(self.lab.path(name + ".out")) as file:
            for line in file:
                head = line.split(" ", 4)
                fields = collections.defaultdict(list)
                for key, value in re.findall(r' ([a-z_]+)="((?:[^"\\]|\\.)*)"', line):
                    fields[key].append(value)
                fields["head"] = head[:4]
                found[fields["id"][0]] = fields
        return found

    def test_a_receiver_that_goes_and_comes_back_gets_every_row(self):
        receiver = self.rsyslogd("plain", PORT)
        school = self.school("oakfield", "tcp://127.0.0.1:%d" % PORT)
        school.add(8000, 16)
        shipper = school.follow()
        for turn in range(3):
            lab.wait_until("a few batches", lambda: school.place()["batches"] >= 3 * (turn + 1), 60, 0.002)
            receiver.stop()
            self.lab.processes.remove(receiver)
            receiver = self.rsyslogd("plain", PORT)
        lab.wait_until("the rest", school.is_through, 60)
        self.assertEqual(shipper.stop(), 0)
        self.lab.processes.remove(shipper)
        messages = {}
        lab.wait_until("rsyslogd to write all", lambda: messages.update(self.messages("plain")) or len(messages) >= 8000, 20, 0.2)
        self.assertEqual(len(messages), 8000)
        found = collections.Counter(
            (m["time"][0][:19].replace("T", " "), m["name"][0], m["type"][0], m["verdict"][0], (m["category"] or [""])[0],
             int((m["rtt_us"] or ["0"])[0]), m["group_name"][0]) for m in messages.values())
        self.assertEqual(found, school.exported())
        some = next(iter(messages.values()))
        self.assertEqual(some["head"][1:], ["oakfield-1", "belisha", "row"])
        self.assertEqual({m["head"][0] for m in messages.values() if m["blocked"]}, {str(13 * 8 + 5)})

    def test_blocked_rows_alone_over_tls(self):
        make_certificate(self.lab.path, "server", "siem.region.example")
        self.rsyslogd("secure", PORT + 1, tls=True)
        school = self.school("elmwood", "tls://127.0.0.1:%d" % (PORT + 1), "rows: blocked", "ca: " + self.lab.path("server.pem"))
        school.add(3000, 2)
        school.once()
        blocked = sum(count for row, count in school.exported().items() if row[3] in ("blocked", "nxdomain"))
        lab.wait_until("rsyslogd to write all", lambda: os.path.exists(self.lab.path("secure.out")) and len(self.messages("secure")) >= blocked, 20, 0.2)
        messages = self.messages("secure")
        self.assertEqual(len(messages), blocked)
        self.assertTrue(all(m["blocked"] == ["1"] for m in messages.values()))


class Region(lab.Case):
    """Three schools in the tables as they are shipped, and a region that looks."""

    @classmethod
    def set_up(cls):
        cls.node = Node(cls.lab, "a", PORT, PORT + 1, PORT + 2).start()
        cls.node.run_file(lab.run([lab.program("belisha"), "log", "ship", "--print-ddl", "debian"]))
        cls.schools = [School(cls.lab, site, ["http://127.0.0.1:%d" % PORT]) for site in ("oakfield", "elmwood", "silentwood")]
        now = int(time.time())
        for school, first in zip(cls.schools, (now - 10800, now - 10800, now - 3 * 86400)):
            school.add(20000, 4, first_s=first)
            school.once()

    def queries(self):
        with open(os.path.join(lab.ROOT, "docs", "shipping.md")) as file:
            return re.findall(r"\n([^\n]+):\n\n```sql\n(.*?)\n```", file.read(), re.S)

    def answer(self, beginning):
        """The rows of the query that the page introduces so."""
        query = next(sql for said, sql in self.queries() if said.startswith(beginning))
        lines = self.node.ask(query + " FORMAT JSONEachRow").splitlines()
        return [json.loads(line) for line in lines]

    def test_every_query_of_the_page_runs(self):
        queries = self.queries()
        self.assertGreaterEqual(len(queries), 9)
        for said, sql in queries:
            self.node.ask(sql)

    def test_blocked_by_school_category_and_day(self):
        rows = self.answer("Blocked, by school")
        self.assertEqual({row["site"] for row in rows}, {"oakfield", "elmwood", "silentwood"})
        self.assertIn("gambling", {row["category"] for row in rows})
        blocked = int(self.node.ask("SELECT count() FROM belisha.rows WHERE blocked = 1"))
        self.assertEqual(sum(int(row["questions"]) for row in rows), blocked)
        self.assertTrue(all(0 < int(row["people"]) <= 200 for row in rows if row["category"] == "gambling"))

    def test_new_sites_of_several_schools(self):
        rows = self.answer("Sites that are new")
        self.assertTrue(rows)
        self.assertTrue(all(int(row["schools"]) == 3 for row in rows[:10]))
        self.assertFalse([row for row in rows if "childline" in row["domain"]])

    def test_one_person_at_two_schools_is_one_number(self):
        rows = self.answer("The same person")
        self.assertTrue(any(len(row["schools"]) == 3 for row in rows))
        number = lab.run(self.schools[0].argv("ship", "--to", "region", "--pseudonym-of", "pupil7")).split()[1].strip("(")
        self.assertEqual(lab.run(self.schools[0].argv("ship", "--to", "region", "--who-is", number)), "user pupil7\n")
        sites = self.node.rows("SELECT DISTINCT site FROM belisha.rows WHERE person = %s ORDER BY site" % number)
        self.assertEqual(sites, [["elmwood"], ["oakfield"], ["silentwood"]])

    def test_ages_of_lists(self):
        rows = {row["site"]: row for row in self.answer("How old the blocklist")}
        self.assertEqual(len(rows), 3)
        self.assertTrue(70 <= int(rows["silentwood"]["hours_old"]) <= 73)
        self.assertLess(int(rows["oakfield"]["hours_old"]), 4)

    def test_silent_schools(self):
        self.assertEqual([row["site"] for row in self.answer("Silent schools")], ["silentwood"])

    def test_over_blocking(self):
        rows = self.answer("Over-blocking")
        self.assertEqual({row["category"] for row in rows}, {"gaming"})
        self.assertEqual({int(row["opened"]) for row in rows}, {20})
        mended = self.answer("What one school blocks")
        self.assertEqual([(row["domain"], int(row["opened_by"])) for row in mended], [("blocked7.example", 3)])

    def test_what_is_missing_is_nothing_here(self):
        self.assertEqual(self.answer("What is missing"), [])

    def test_nothing_names_anybody(self):
        names = self.node.rows("SELECT uniq(person_name), uniq(device_name), uniq(client_address), max(person_name), max(device_name) FROM belisha.rows")
        self.assertEqual(names, [["1", "1", "1", "", ""]])
        people, = self.node.rows("SELECT uniqExactIf(person, person != 0), uniqExactIf(client, client != 0), countIf(help = 1 AND (person != 0 OR client != 0)) FROM belisha.rows")
        self.assertEqual(people, ["200", "600", "0"])
        self.assertEqual(self.node.ask("SELECT DISTINCT name FROM belisha.rows WHERE reason = 'statutory'"), "statutory.invalid\n")


if __name__ == "__main__":
    lab.main()
