"""A bundle of a machine with names of its own, which are really asked of the system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MAKE = """
import os, sys
from pathlib import Path
from techdoctor.bundle import Contents, create_bundle
os.environ.update(USER="svc", HOME="/root", LOGNAME="root", SUDO_USER="lkowalski")
told = [
    "host WS-Kowalski-7 at WS-KOWALSKI-7.branch.kowalski-bakery.example",
    "Lena Kowalski (lkowalski) printed; Kowalski%20Lena; lena.kowalski; bstein logged in; Bernd Stein left",
    "kowalski-bakery VPN is down",
]
facts = {"a": {"probe": "x.y", "status": "ok", "data": {"lines": told}}}
made = create_bundle(Contents("20261122-0915-k3f", {"facts": facts, "words": told[1]}, None, 1.8e9), Path(sys.argv[1]))
print(made.path)
"""


@pytest.mark.lab
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="names a namespace: Linux and root")
def test_names_of_the_machine_are_found_and_hidden(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nlkowalski:x:1000:1000:Lena Kowalski,,:/home/lkowalski:/bin/bash\n"
        "bstein:x:1001:1001:Bernd Stein:/home/bstein:/bin/bash\n"
    )
    (tmp_path / "resolv.conf").write_text("search branch.kowalski-bakery.example\nnameserver 127.0.0.1\n")
    out = tmp_path / "out"
    out.mkdir()
    prepare = (
        f"hostname ws-kowalski-7 && mount --bind {tmp_path}/passwd /etc/passwd && "
        f'mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && exec "$0" -c "$1" {out}'
    )
    command = ["unshare", "--uts", "--mount", "--propagation", "private", "sh", "-c", prepare, sys.executable, MAKE]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    from techdoctor.bundle import read_bundle

    read = read_bundle(out / "TD-20261122-0915-k3f.zip")
    text = "\n".join(read.text(name) for name in read.members).lower()
    for private in ("kowalski", "lena", "bstein", "bernd", "stein", "bakery"):
        assert private not in text
    assert "vpn is down" in text
