#!/usr/bin/env python3
"""A new list under load: no answer lost, none wrong, in force within a second of being published."""
import os
import time

import dns
import lab
from load import Load

FILLER = ["n%d.filler.example.org" % i for i in range(100000)]
ALWAYS = "blocked.example.net"
SWAPS = 6


class Swap(lab.Case):
    @classmethod
    def set_up(cls):
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], FILLER + [ALWAYS], options=["--workers", "2"])

    def test_lists_are_swapped_under_load_without_a_lost_answer(self):
        def name(number):
            return ("www.example.net", ALWAYS, "short.example.net", "deep.in.the.%d.%s" % (number, ALWAYS))[number % 4]

        def check(number, msg):
            if msg[3] & 15:
                return "question %d (%s) got rcode %d" % (number, name(number), msg[3] & 15)
            if number % 2 == 1 and dns.unpack(msg).data() != [lab.SINKHOLE]:
                return "question %d (%s) was not blocked" % (number, name(number))
            return None

        loads = [Load(self.server.at, name, window=32, check=check) for _ in range(2)]
        for load in loads:
            load.start()
        delays = []
        for turn in range(SWAPS):
            new = "new%d.example.net" % turn
            self.assertNotEqual(self.server.ask(new).data(), [lab.SINKHOLE])
            self.lab.publish(FILLER[turn * 1000:] + [ALWAYS, new])
            published = time.monotonic()
            lab.wait_until("%s to be blocked" % new, lambda: self.server.ask(new).data() == [lab.SINKHOLE], 1.0)
            delays.append(time.monotonic() - published)
        for load in loads:
            load.stop()
        sent = sum(load.sent for load in loads)
        print("%d questions over %d swaps; in force after at most %.0f ms; slowest answer %.1f ms" % (
            sent, SWAPS, 1000 * max(delays), 1000 * max(load.slowest_s for load in loads)))
        self.assertGreater(sent, 1000)
        self.assertEqual([load.bad for load in loads], [[], []])
        self.assertEqual([load.lost for load in loads], [0, 0])

    def test_a_name_taken_off_the_list_is_answered_again(self):
        self.lab.publish([ALWAYS, "www.example.net"])
        lab.wait_until("the block", lambda: self.server.ask("www.example.net").data() == [lab.SINKHOLE], 2)
        self.lab.publish([ALWAYS])
        lab.wait_until("the answer", lambda: self.server.ask("www.example.net").data() == ["198.51.100.10"], 2)

    def test_a_damaged_generation_is_refused_and_the_old_one_stays(self):
        self.lab.publish([ALWAYS])
        self.assert_sinkholed(self.server.ask(ALWAYS))
        blocklist = os.path.join(self.server.dir, "blocklist")
        good = os.readlink(os.path.join(blocklist, "current"))
        with open(os.path.join(blocklist, good), "rb") as file:
            data = bytearray(file.read())
        for what, damage in (("cut", data[:len(data) // 2]), ("empty", b""), ("noise", os.urandom(len(data)))):
            with self.subTest(what):
                with open(os.path.join(blocklist, "generation-999999.mdb"), "wb") as file:
                    file.write(damage)
                os.symlink("generation-999999.mdb", os.path.join(blocklist, "next"))
                os.rename(os.path.join(blocklist, "next"), os.path.join(blocklist, "current"))
                lab.wait_until("the refusal in the log", lambda: "generation-999999" in self.server.output(), 5)
                self.assert_sinkholed(self.server.ask(ALWAYS))
        os.symlink(good, os.path.join(blocklist, "next"))
        os.rename(os.path.join(blocklist, "next"), os.path.join(blocklist, "current"))
        os.unlink(os.path.join(blocklist, "generation-999999.mdb"))
        self.lab.publish([ALWAYS, "after.example.net"])
        lab.wait_until("the next good list", lambda: self.server.ask("after.example.net").data() == [lab.SINKHOLE], 2)


if __name__ == "__main__":
    lab.main()
