"""Where each probe lives. A new probe adds one line here.

Modules are imported when their first probe is asked for: start-up stays fast.
"""

from __future__ import annotations

import difflib
import importlib
from typing import Dict, List

from techdoctor.errors import UsageError
from techdoctor.probes.base import Probe

# Probe name -> module below techdoctor.probes that declares it in PROBES. Keep sorted by name.
MODULES: Dict[str, str] = {
    "boot.kernels": "kernels",
    "cgroup.limits": "cgroups",
    "clock.offset": "clock",
    "cpu.load": "cpu",
    "cpu.power": "cpu",
    "cpu.pressure": "pressure",
    "cups.jobs": "cups_jobs",
    "cups.queue": "cups_queue",
    "cups.queues": "cups_queue",
    "cups.scheduler": "cups_scheduler",
    "cups.spool": "cups_scheduler",
    "disk.activity": "disk_activity",
    "disk.deleted_open": "deleted_files",
    "disk.filesystems": "filesystems",
    "disk.inodes_where": "space",
    "disk.largest": "space",
    "disk.log_growth": "log_growth",
    "disk.reclaimable": "reclaimable",
    "disk.write_test": "write_test",
    "dns.each_server": "dns_servers",
    "dns.hosts_file": "hosts_file",
    "dns.lookup": "dns",
    "dns.random_name": "dns_random",
    "dns.resolvers": "resolver_config",
    "dns.second_opinion": "dns",
    "dns.tcp": "dns_tcp",
    "mem.growth": "growth",
    "mem.oom": "oom",
    "mem.swapping": "memory",
    "mem.usage": "memory",
    "net.address_conflict": "address_conflict",
    "net.addresses": "addresses",
    "net.captive_portal": "portal",
    "net.gateway": "gateway",
    "net.link": "links",
    "net.routes": "routes",
    "net.speed": "speed",
    "net.tcp_by_address": "internet",
    "print.ready": "print_ready",
    "printer.device": "printer_device",
    "printer.jobs": "printer_jobs",
    "printer.usb": "printer_usb",
    "proc.limits": "limits",
    "proc.top": "processes",
    "web.proxy": "proxy",
    "web.tls": "tls",
}


def names() -> List[str]:
    """All probe names, sorted."""
    return sorted(MODULES)


def get(name: str) -> Probe:
    """The declaration of a probe.

    Raises:
        UsageError: There is no such probe; the hint names the nearest one.
    """
    if name not in MODULES:
        near = difflib.get_close_matches(name, MODULES, n=1)
        raise UsageError(
            f"unknown probe '{name}'", f"did you mean {near[0]}?" if near else "see: techdoctor probe --list"
        )
    module = importlib.import_module(f"techdoctor.probes.{MODULES[name]}")
    found: Dict[str, Probe] = {probe.name: probe for probe in module.PROBES}
    return found[name]
