"""The speed of the line, by speedtest-cli in a child process; only when somebody asks. CPython 3.9 syntax.

What speedtest.net tells about the line's owner (address, provider, place) is never kept.
"""

from __future__ import annotations

import json
import sys
from typing import Mapping

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, TIMEOUT, Value
from techdoctor.probes.base import Parameter, Probe, Probing, Reading, everywhere, measured, number, text
from techdoctor.text import clean_line

# Plain http has been answered with 403 since 2022: https only.
# Source: https://github.com/sivel/speedtest-cli/pull/790
_COMMAND = (sys.executable, "-m", "speedtest", "--secure", "--json", "--timeout", "10")


def parse_speedtest(out: str) -> Reading:
    """Fields from what `speedtest --json` prints: bits a second, milliseconds.

    Raises:
        CannotMeasure: It is not such a document.
    """
    try:
        tree = json.loads(out)
        server = tree["server"]
        return Reading(
            {
                "download_mbit_s": round(float(tree["download"]) / 1e6, 2),
                "upload_mbit_s": round(float(tree["upload"]) / 1e6, 2),
                "ping_ms": round(float(tree["ping"]), 1),
                "server": f"{server['sponsor']}, {server['name']}",
            }
        )
    except (ValueError, KeyError, TypeError):
        raise CannotMeasure(NOT_APPLICABLE, "the speed test gave no result that can be read") from None


def _measure(probing: Probing) -> Reading:
    quick = ("--no-upload",) if probing.params.get("download_only") else ()
    ran = system.run([*_COMMAND, *quick], probing.left_s())
    if ran.status == TIMEOUT:
        raise CannotMeasure(TIMEOUT, "the speed test did not end in time")
    if "No module named" in ran.err:
        raise CannotMeasure(MISSING_TOOL, "speedtest-cli is not installed")
    if not ran.worked:
        lines = (ran.err or ran.out).strip().splitlines()
        raise CannotMeasure(NOT_APPLICABLE, f"the speed test failed: {clean_line(lines[-1]) if lines else 'no words'}")
    reading = parse_speedtest(ran.out)
    if quick:
        data = {**reading.data, "upload_mbit_s": None}
        return Reading(data, {"upload_mbit_s": "only the download was measured"})
    return reading


def _summary(data: Mapping[str, Value]) -> str:
    return f"{data['download_mbit_s']} Mbit/s down, {data['upload_mbit_s'] or '?'} up"


PROBES = (
    Probe(
        name="net.speed",
        title="Speed of the line",
        doc="Download and upload by speedtest-cli against the nearest server of speedtest.net.",
        fields={
            "download_mbit_s": number("Rate of the download.", "mbit_s"),
            "upload_mbit_s": number("Rate of the upload.", "mbit_s"),
            "ping_ms": number("Round trip to the server.", "ms"),
            "server": text("Who runs the server, and where."),
        },
        parameters={"download_only": Parameter("bool", "Leave the upload out: half the time and data.", False)},
        methods=everywhere(measured(_measure)),
        timeout_s=60.0,
        cost="slow",
        alone=True,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
