"""Parsers of foreign bytes under a coverage-guided fuzzer, bounded: python benchmarks/fuzz.py [SECONDS].

Needs atheris (pip install atheris, in an environment of its own). Each parser runs in a child process whose memory is
limited, so that a crash, a hang or a flood is one row of the table and not the end of the run.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "src")]
from measure import write_table

SECONDS = 60
MEMORY_MIB = 512
# Longest time for one input before it counts as a hang, seconds.
HANG_S = 2
# Parser -> module, call, and the error it may raise.
PARSERS = {
    "IPP (RFC 8010)": ("techdoctor.probes.printing.ipp_wire", "decode", "WireError"),
    "multicast DNS (RFC 6762)": ("techdoctor.probes.discovery.mdns_wire", "records", "Malformed"),
    "DNS (RFC 1035)": ("techdoctor.probes.names.dns_wire", "decode", "Malformed"),
    "SNMP (RFC 1157)": ("techdoctor.probes.printing.snmp", "response_any", "SnmpError"),
}
_CHILD = """
import sys
import atheris
with atheris.instrument_imports():
    import importlib
    module = importlib.import_module(sys.argv.pop(1))
call, error = sys.argv.pop(1), getattr(module, sys.argv.pop(1))
parse = (lambda data: module.response(data, 1)) if call == "response_any" else getattr(module, call)

def one(data):
    try:
        parse(data)
    except error:
        pass

atheris.Setup(sys.argv, one)
atheris.Fuzz()
"""


def fuzzed(module: str, call: str, error: str, seconds: int) -> str:
    """One row: inputs, crashes, hangs, most memory."""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, "-c", _CHILD, module, call, error,
             f"-max_total_time={seconds}", f"-timeout={HANG_S}", f"-rss_limit_mb={MEMORY_MIB}", "-max_len=4096",
             f"-artifact_prefix={folder}/", "-print_final_stats=1", folder],
            env={"PYTHONPATH": str(Path(__file__).parent.parent / "src"), "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, check=False, timeout=seconds + 120,
        )  # fmt: skip
        found = {path.name.partition("-")[0] for path in Path(folder).glob("*-*")}
    done = re.search(r"number_of_executed_units:\s*(\d+)", ran.stderr)
    peak = re.search(r"peak_rss_mb:\s*(\d+)", ran.stderr)
    if not done:
        raise SystemExit(ran.stderr[-2000:])
    crashes, hangs = "crash" in found, bool({"timeout", "slow"} & found)
    return f"{int(done[1]):,} | {int(crashes)} | {int(hangs)} | {peak[1] if peak else '?'}"


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    lines = ["| parser | seconds | inputs | crashes | hangs | peak MiB |", "| --- |" + " --- |" * 5]
    for name, target in PARSERS.items():
        lines.append(f"| {name} | {seconds} | {fuzzed(*target, seconds)} |")
        print(lines[-1], file=sys.stderr)
    write_table("fuzz", lines)


if __name__ == "__main__":
    main()
