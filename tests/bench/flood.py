#!/usr/bin/env python3
"""What one address that floods costs the others: tests/bench/flood.py [--seconds N] [--build-dir build/release]

A pupil asks a question every other millisecond, cached and not, and notes how long each answer takes: alone, while
another address floods (with the limit of limits.client_rate as it is by default), and with that limit off. The flood
comes from a process that sends as fast as it can and runs beside the server on the same cores, at low priority.
"""
import argparse
import multiprocessing
import os
import socket
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
sys.dont_write_bytecode = True

PUPIL, FLOODER = "127.0.0.2", "127.0.0.3"


def flood(at, cached, sent, stop):
    os.nice(19)
    sock = dns.udp_socket(FLOODER)
    sock.connect(at)
    sock.setblocking(False)
    messages = [dns.pack_question("www.example.net" if cached else "f%d.wild.example.net" % i) for i in range(20000)]
    i = 0
    while not stop.is_set():
        for _ in range(256):
            i += 1
            try:
                sock.send(messages[i % len(messages)])
            except OSError:
                pass
        sent.value = i


def ask(at, seconds):
    """Times in microseconds of a cached and a new question in turn, and how many had no answer."""
    sock = dns.udp_socket(PUPIL)
    sock.connect(at)
    sock.settimeout(1)
    times, lost, i = ([], []), 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        i += 1
        name = "www.example.net" if i % 2 else "p%d-%d.wild.example.net" % (os.getpid(), int(time.monotonic() * 1e6))
        started = time.perf_counter()
        sock.send(dns.pack_question(name))
        try:
            sock.recv(4096)
            times[1 - i % 2].append((time.perf_counter() - started) * 1e6)
        except socket.timeout:
            lost += 1
        time.sleep(0.002)
    return times, lost


def show(what, times, lost, sent, seconds):
    print("%-34s %9s %s  lost %d" % (what, "%d/s" % (sent / seconds) if sent else "", "  ".join(
        "%s p50 %5.0f p99 %6.0f us" % (kind, *[sorted(t)[int(len(t) * q)] for q in (0.5, 0.99)])
        for kind, t in zip(("cached", "new"), times) if t), lost), flush=True)


def main(args):
    bench = lab.Lab("flood")
    try:
        nsd = bench.start_nsd(1)
        for limits, conf in (("limited", "limits: { unlimited: [] }\n"), ("unlimited", "limits: { client_rate: 0 }\n")):
            server = bench.serve(0, [nsd], ["blocked.test"], conf=conf, subdir=limits, options=["--no-log"])
            server.ask("www.example.net")
            show("alone", *ask(server.at, args.seconds), 0, args.seconds)
            for kind in ("cached", "new"):
                sent, stop = multiprocessing.Value("L", 0), multiprocessing.Event()
                process = multiprocessing.Process(target=flood, args=(server.at, kind == "cached", sent, stop))
                process.start()
                show("flood of %s questions, %s" % (kind, limits), *ask(server.at, args.seconds), sent.value, args.seconds)
                stop.set()
                process.join()
            server.stop()
    finally:
        bench.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build", "release"))
    args = parser.parse_args()
    os.environ["BELISHA_BUILD"] = os.path.abspath(args.build_dir)
    os.environ.setdefault("BELISHA_E2E_PORT", "15790")
    import dns
    import lab
    main(args)
