"""Everything the laboratory can break, each with the cause that must be found."""

from __future__ import annotations

import contextlib
import getpass
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.lab.printing.bench import OWN_ADDRESS, Bench

Break = Callable[[Bench], None]
FAULTS: dict[str, tuple[str, Break]] = {}
CONTROLS: dict[str, Break] = {}


def fault(cause: str) -> Callable[[Break], Break]:
    """Enters a function as a fault with the cause that must be found."""

    def enter(function: Break) -> Break:
        FAULTS[function.__name__] = (cause, function)
        return function

    return enter


def control(function: Break) -> Break:
    """Enters a function as something healthy: no cause may be found."""
    CONTROLS[function.__name__] = function
    return function


def _at_printer(name: str, cause: str, **temper: object) -> None:
    """A fault that is a mood of the printer, with a job on its way to it."""

    def break_it(bench: Bench) -> None:
        bench.office()
        for key, value in temper.items():
            setattr(bench.printer.temper, key, value)
        bench.cups.submit("office")

    FAULTS[name] = (cause, break_it)


_at_printer("paper_out", "paper_out", state=5, reasons=["media-empty-error", "media-needed-error"], message="Load A4")
_at_printer("paper_out_reported_only", "paper_out", reasons=["media-empty-warning"], jobs="stick")
_at_printer("paper_jam", "paper_jam", state=5, reasons=["media-jam-error"])
_at_printer("cover_open", "cover_open", state=5, reasons=["cover-open-error"])
_at_printer("door_open", "cover_open", state=5, reasons=["door-open-error"])
_at_printer("toner_empty", "toner_empty", state=5, reasons=["toner-empty-error"])
_at_printer("waste_full", "waste_full", state=5, reasons=["marker-waste-full-error"])
_at_printer("output_full", "output_full", state=5, reasons=["output-area-full-error"])
_at_printer("taken_offline", "printer_offline", state=5, reasons=["offline-report"])
_at_printer("paused_at_panel", "printer_offline", state=5, reasons=["paused"])
_at_printer("vendor_error", "printer_error", state=5, reasons=["com.example.alert-49-error"], message="49.38.07")
_at_printer("stopped_without_reason", "printer_error", state=5)
_at_printer("busy", "printer_busy", ipp_status=0x507)
_at_printer("takes_no_jobs", "printer_busy", accepting=False)
_at_printer("hangs", "printer_hangs", body="hang")
_at_printer("drips", "printer_hangs", body="drip")
_at_printer("breaks_off", "printer_hangs", body="close")
_at_printer("password", "needs_password", http_status=401)
_at_printer("forbidden", "forbidden", http_status=403)
_at_printer("wants_tls", "wants_tls", http_status=426)
_at_printer("http_503", "printer_error", http_status=503)
_at_printer("web_page", "wrong_device", body="html")
_at_printer("garbage", "wrong_device", body="garbage")
_at_printer("nested", "wrong_device", body="deep")
_at_printer("endless", "wrong_device", body="huge")


@fault("spooler_stopped")
def stopped(bench: Bench) -> None:
    bench.office()
    bench.cups.stop()


@fault("spooler_stopped")
def killed(bench: Bench) -> None:
    bench.office()
    bench.cups.stop(kill=True)


@fault("no_printer")
def no_queue(bench: Bench) -> None:
    assert bench.cups.run("lpstat", "-v").returncode != 0


@fault("unknown_printer")
def misspelt(bench: Bench) -> None:
    bench.office()
    bench.options += ["--set", "printer=ofice"]


@fault("queue_paused")
def paused(bench: Bench) -> None:
    bench.office()
    assert bench.cups.run("cupsdisable", "-r", "toner is on its way", "office").returncode == 0
    bench.cups.submit("office")


@fault("queue_paused")
def paused_without_default(bench: Bench) -> None:
    bench.cups.add_queue("office", bench.printer.uri)
    assert bench.cups.run("cupsdisable", "office").returncode == 0


@fault("queue_rejecting")
def rejecting(bench: Bench) -> None:
    bench.office()
    assert bench.cups.run("cupsreject", "office").returncode == 0


@fault("no_default")
def no_default(bench: Bench) -> None:
    bench.cups.add_queue("office", bench.printer.uri)
    bench.cups.add_queue("attic", bench.printer.uri)


@fault("default_overridden")
def variable_names_nothing(bench: Bench) -> None:
    bench.office()
    bench.env["LPDEST"] = "gone"


@fault("default_overridden")
def own_default_names_nothing(bench: Bench) -> None:
    bench.office()
    folder = bench.cups.home / ".cups"
    folder.mkdir()
    (folder / "lpoptions").write_text("Default gone\n")


@fault("job_held")
def held(bench: Bench) -> None:
    bench.office()
    bench.cups.submit("office", "hello\n", "-H", "hold")


@fault("stuck_at_head")
def stuck(bench: Bench) -> None:
    bench.office()
    bench.printer.temper.jobs = "stick_first"
    for _ in range(3):
        bench.cups.submit("office")
    bench.until(lambda: (bench.probe("cups.jobs")["data"]["head_age_s"] or 0) >= 2)


def _with_filter(bench: Bench, program: str) -> None:
    bench.office()
    ppd = bench.cups.folder / "root/ppd/office.ppd"
    lines = [line for line in ppd.read_text().splitlines() if not line.startswith("*cupsFilter")]
    changed = bench.cups.folder / "changed.ppd"
    changed.write_text("\n".join([lines[0], f'*cupsFilter: "application/vnd.cups-pdf 0 {program}"', *lines[1:]]) + "\n")
    made = bench.cups.run("lpadmin", "-p", "office", "-P", str(changed))
    assert made.returncode == 0, made.stderr


@fault("filter_missing")
def filter_missing(bench: Bench) -> None:
    _with_filter(bench, "rastertonowhere")


@fault("filter_failed")
def filter_failed(bench: Bench) -> None:
    _with_filter(bench, "/bin/false")
    bench.cups.submit("office")
    bench.until(lambda: bool({"stopped", "aborted"} & set(_job_states(bench))))


def _job_states(bench: Bench) -> list[str]:
    data = bench.probe("cups.jobs")["data"]
    return [data["head_state"], data["last_state"]]


@fault("no_driver")
def raw(bench: Bench) -> None:
    bench.cups.add_default("office", bench.printer.uri, "raw")


@fault("printer_unreachable")
def gone(bench: Bench) -> None:
    bench.office()
    bench.printer.close()
    bench.cups.submit("office")


@fault("printer_unreachable")
def gone_and_paused(bench: Bench) -> None:
    gone(bench)
    assert bench.cups.run("cupsdisable", "office").returncode == 0


@fault("printer_refused")
def other_port(bench: Bench) -> None:
    bench.listen(OWN_ADDRESS, 9100)
    bench.cups.add_default("office", f"ipp://{OWN_ADDRESS}:6310/ipp/print", "raw")


@fault("printer_filtered")
def port_silent(bench: Bench) -> None:
    port = bench.listen(OWN_ADDRESS, 0, silent=True)
    bench.cups.add_default("office", f"ipp://{OWN_ADDRESS}:{port}/ipp/print", "raw")


@fault("wrong_path")
def wrong_path(bench: Bench) -> None:
    bench.cups.add_default("office", bench.printer.uri.replace("/ipp/print", "/printer"), "raw")


@fault("tls_fails")
def no_tls_there(bench: Bench) -> None:
    bench.cups.add_default("office", bench.printer.uri.replace("ipp:", "ipps:"), "raw")


@fault("user_denied")
def denied(bench: Bench) -> None:
    bench.office()
    assert bench.cups.run("lpadmin", "-p", "office", "-u", f"deny:{getpass.getuser()}").returncode == 0


@fault("job_aborted_by_printer")
def thrown_away(bench: Bench) -> None:
    bench.office()
    bench.printer.temper.jobs = "abort"
    bench.cups.submit("office")
    bench.until(lambda: bench.probe("cups.jobs")["data"]["last_state"] == "completed", 20)


@fault("wrong_paper")
def size_not_loaded(bench: Bench) -> None:
    bench.office()
    bench.printer.temper.state, bench.printer.temper.reasons = 5, ["media-needed"]
    bench.cups.submit("office", "hello\n", "-o", "media=Letter")
    bench.until(lambda: bench.probe("cups.jobs")["data"]["head_paper"] != "")


@fault("wrong_paper")
def printed_on_the_wrong_size(bench: Bench) -> None:
    bench.office()
    bench.cups.submit("office", "hello\n", "-o", "media=Letter")
    bench.until(lambda: bench.probe("cups.jobs")["data"]["last_state"] == "completed", 20)


@fault("quota")
def quota_used_up(bench: Bench) -> None:
    bench.office()
    quota = ("-o", "job-quota-period=3600", "-o", "job-k-limit=1")
    assert bench.cups.run("lpadmin", "-p", "office", *quota).returncode == 0
    bench.cups.submit("office", "hello\n" * 400)
    bench.until(lambda: bench.probe("cups.jobs")["data"]["last_state"] == "completed", 20)


@fault("spool_full")
def spool_full(bench: Bench) -> None:
    bench.office()
    spool = str(bench.cups.folder / "spool")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "techdoctor-lab", spool], check=True)
    bench.closing.callback(subprocess.run, ["umount", "-l", spool], check=False)
    with contextlib.suppress(OSError), Path(spool, "filler").open("wb") as filler:
        filler.write(os.urandom(1 << 20))


@control
def idle(bench: Bench) -> None:
    bench.office()


@control
def never_used_default(bench: Bench) -> None:
    bench.cups.add_queue("office", bench.printer.uri)


@control
def printed(bench: Bench) -> None:
    bench.office()
    bench.cups.submit("office")
    bench.until(lambda: bench.printer.states() == [9])
    bench.until(lambda: bench.probe("cups.jobs")["data"]["count"] == 0)


@control
def right_size_under_its_other_name(bench: Bench) -> None:
    bench.office()
    bench.cups.submit("office", "hello\n", "-o", "media=A4")
    bench.until(lambda: bench.probe("cups.jobs")["data"]["last_state"] == "completed", 20)


@control
def quota_not_used_up(bench: Bench) -> None:
    bench.office()
    quota = ("-o", "job-quota-period=3600", "-o", "job-page-limit=100")
    assert bench.cups.run("lpadmin", "-p", "office", *quota).returncode == 0


@control
def toner_low(bench: Bench) -> None:
    bench.office()
    bench.printer.temper.reasons = ["toner-low-report", "media-low-report"]


@control
def second_tray_empty(bench: Bench) -> None:
    bench.office()
    bench.printer.temper.reasons = ["media-empty-report"]


@control
def stale_jam(bench: Bench) -> None:
    bench.office()
    bench.printer.temper.state, bench.printer.temper.reasons = 5, ["media-jam-error"]
    job = bench.cups.submit("office")
    bench.until(lambda: "media-jam-error" in bench.probe("cups.queue")["data"]["reasons"])
    assert bench.cups.run("cancel", str(job)).returncode == 0
    bench.printer.temper.state, bench.printer.temper.reasons = 3, ["none"]
    bench.printer.jobs.clear()
    bench.until(lambda: bench.probe("cups.jobs")["data"]["count"] == 0)


@control
def other_paused_on_purpose(bench: Bench) -> None:
    bench.cups.add_queue("office", bench.printer.uri)
    bench.cups.add_queue("attic", bench.printer.uri)
    assert bench.cups.run("cupsdisable", "attic").returncode == 0
    bench.options += ["--set", "printer=office"]


@control
def into_a_file(bench: Bench) -> None:
    bench.cups.add_default("office", f"file://{bench.cups.folder}/out", "raw")


@control
def raw_that_has_printed(bench: Bench) -> None:
    bench.cups.add_default("office", bench.printer.uri, "raw")
    bench.cups.submit("office")
    bench.until(lambda: bench.probe("cups.jobs")["data"]["last_state"] == "completed", 20)
