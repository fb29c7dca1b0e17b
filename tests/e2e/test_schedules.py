#!/usr/bin/env python3
"""Schedules by the clock on the wall: what holds now, what a boundary changes, and answers that live no longer; the people file told."""
import datetime
import time
import zoneinfo

import lab

ZONE = "America/St_Johns"  # neither the machine's, nor whole hours from it
ADDRESS = "198.51.100.66"
FROM = r"(?:\w{3} [-\d]{10} )?"  # told where it is not today's
CONF = """
policy:
  levels:
    - {name: pupils, block: [gambling]}
    - {name: garden, block: [gambling, malware]}
  groups:
    - {name: opens, networks: [127.0.0.9/32], level: pupils}
    - {name: closes, networks: [127.0.0.8/32], level: pupils}
  default_level: pupils
  calendar: {time_zone: ZONE}
  schedules:
    - {name: lesson, when: "BEFORE-BOUNDARY", groups: [opens], block: [malware]}
    - {name: exam, when: "BOUNDARY-AFTER", groups: [closes], level: garden}
  people: people.csv
  reasons: reasons.csv
"""


def wall(at_s):
    return datetime.datetime.fromtimestamp(at_s, zoneinfo.ZoneInfo(ZONE)).strftime("%H:%M")


class Schedules(lab.Case):
    @classmethod
    def set_up(cls):
        cls.nsd = cls.lab.start_nsd(1)
        cls.lab.write("people.csv", "user,year,block,until\nann,9,social-media,2099-07-20\n")
        cls.lab.write("reasons.csv", "user,reason\nann,her parents asked for it\n")

    def start(self):
        """The boundary is the end of a minute, and far enough away for a start and two questions."""
        self.boundary = (int(time.time()) + 20) // 60 * 60 + 60
        conf = CONF.replace("ZONE", ZONE).replace("BEFORE", wall(self.boundary - 1800)).replace(
            "BOUNDARY", wall(self.boundary)).replace("AFTER", wall(self.boundary + 1800))
        for name in ("people.csv", "reasons.csv"):
            conf = conf.replace(name, self.lab.path(name))
        self.server = self.lab.serve(0, [self.nsd], ["blocked.example.net"], conf=conf)

    def data(self, client):
        return self.server.ask("blocked.example.net", client=client).data()

    def test_a_boundary_is_crossed_to_the_second_and_status_says_so(self):
        self.start()
        before = self.server.ask("blocked.example.net", client="127.0.0.8")
        self.assertEqual(before.data(), [ADDRESS])
        self.assertLessEqual(before.answer[0].ttl, self.boundary - int(time.time()) + 1)
        self.assertNotEqual(self.data("127.0.0.9"), [ADDRESS])
        said = self.server.operator("status")
        self.assertRegex(said, FROM.join(("opens: level pupils with lesson; from ", "%s:00 level pupils\n")) % wall(self.boundary))
        self.assertRegex(said, FROM.join(("closes: level pupils; from ", "%s:00 level garden with exam\n")) % wall(self.boundary))
        self.assertLess(time.time(), self.boundary)
        lab.wait_until("the boundary", lambda: self.data("127.0.0.8") != [ADDRESS], 90, 0.2)
        crossed = time.time()
        self.assertGreaterEqual(crossed, self.boundary)
        self.assertEqual(self.data("127.0.0.9"), [ADDRESS])
        said = self.server.operator("status")
        self.assertRegex(said, FROM.join(("closes: level garden with exam; from ", "%s:00 level pupils\n")) % wall(self.boundary + 1800))
        self.assertRegex(said, r"opens: level pupils; from .* level pupils with lesson\n")
        person = self.server.operator("people", "ANN")
        for part in ("ann (", "year       9", "until      2099-07-21 00:00", "blocks     social-media"):
            self.assertIn(part, person)
        self.assertNotIn("parents", person)
        self.assertIn("reason     her parents asked for it", self.server.operator("people", "ann", "--reason"))
        self.assertIn("people.reason", self.server.operator("ledger", "show"))
        self.assertIn("the people file has no user 'bob'", self.server.operator("people", "bob", check=False).stderr)


if __name__ == "__main__":
    lab.main()
