"""Runs inside namespaces of its own: a slow leak, a log flood, a link that flaps, packets that get lost.

python faults_over_time.py KIND SECONDS ends by itself after SECONDS.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time


def leak(until: float) -> None:
    kept = []
    while time.monotonic() < until:
        kept.append(bytearray(b"x" * 250_000))
        time.sleep(0.25)


def flood(until: float) -> None:
    with open("/var/log/chatty.log", "a", encoding="utf-8") as log:
        while time.monotonic() < until:
            log.write("something happened that nobody needs to know\n" * 5000)
            log.flush()
            time.sleep(0.25)


def flap(until: float) -> None:
    subprocess.run(["ip", "link", "add", "uplink0", "type", "veth", "peer", "name", "far0"], check=True)
    subprocess.run(["ip", "link", "set", "uplink0", "up"], check=True)
    up = False
    while time.monotonic() < until:
        up = not up
        subprocess.run(["ip", "link", "set", "far0", "up" if up else "down"], check=True)
        time.sleep(1.5)


def lose(until: float) -> None:
    lost = "tcp dport 9 numgen random mod 10 < 3 drop"
    rules = f"table inet lab {{\n chain in {{\n type filter hook input priority 0;\n {lost}\n }}\n}}\n"
    subprocess.run(["nft", "-f", "-"], input=rules.encode(), check=True)
    server = socket.create_server(("127.0.0.1", 9))

    def swallow() -> None:
        taken, _ = server.accept()
        while taken.recv(65536):
            pass

    threading.Thread(target=swallow, daemon=True).start()
    with socket.create_connection(("127.0.0.1", 9), 20) as sending:
        while time.monotonic() < until:
            sending.send(b"x" * 1000)
            time.sleep(0.01)


if __name__ == "__main__":
    {"leak": leak, "flood": flood, "flap": flap, "lose": lose}[sys.argv[1]](time.monotonic() + float(sys.argv[2]))
