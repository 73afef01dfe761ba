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
    "account.state": "accounts.account",
    "antivirus.state": "protection.antivirus",
    "backup.status": "backups.status",
    "bluetooth.adapters": "hardware.peripherals",
    "boot.kernels": "disks.kernels",
    "boot.units": "services.boot",
    "camera.devices": "hardware.peripherals",
    "cgroup.limits": "load.cgroups",
    "clock.offset": "network.clock",
    "clock.zone": "network.clock_zone",
    "cpu.load": "load.cpu",
    "cpu.power": "load.cpu",
    "cpu.pressure": "load.pressure",
    "cups.jobs": "printing.cups_jobs",
    "cups.queue": "printing.cups_queue",
    "cups.queues": "printing.cups_queue",
    "cups.quota": "printing.cups_quota",
    "cups.scheduler": "printing.cups_scheduler",
    "cups.spool": "printing.cups_scheduler",
    "disk.activity": "disks.disk_activity",
    "disk.attached": "disks.attached",
    "disk.deleted_open": "disks.deleted_files",
    "disk.errors": "disks.disk_errors",
    "disk.filesystems": "disks.filesystems",
    "disk.fstab": "disks.fstab",
    "disk.inodes_where": "disks.space",
    "disk.largest": "disks.space",
    "disk.log_growth": "disks.log_growth",
    "disk.read_test": "disks.read_test",
    "disk.reclaimable": "disks.reclaimable",
    "disk.smart": "disks.smart",
    "disk.write_test": "disks.write_test",
    "display.connectors": "hardware.peripherals",
    "dns.each_server": "names.dns_servers",
    "dns.hosts_file": "names.hosts_file",
    "dns.lookup": "names.dns",
    "dns.random_name": "names.dns_random",
    "dns.resolvers": "names.resolver_config",
    "dns.second_opinion": "names.dns",
    "dns.tcp": "names.dns_tcp",
    "file.access": "files.access",
    "firewall.state": "protection.firewall",
    "heat.sensors": "hardware.heat",
    "home.access": "files.home",
    "input.devices": "hardware.peripherals",
    "locale.settings": "accounts.language",
    "mdns.lookup": "discovery.local_names",
    "mdns.service": "discovery.local_names",
    "mem.growth": "load.growth",
    "mem.oom": "load.oom",
    "mem.swapping": "load.memory",
    "mem.usage": "load.memory",
    "net.address_conflict": "network.address_conflict",
    "net.addresses": "network.addresses",
    "net.captive_portal": "network.portal",
    "net.counters": "network.counters",
    "net.dhcp_offers": "network.dhcp_offers",
    "net.gateway": "network.gateway",
    "net.ipv6": "network.ipv6",
    "net.link": "network.links",
    "net.load": "network.load",
    "net.mtu": "network.path_mtu",
    "net.path": "network.path",
    "net.quality": "network.quality",
    "net.routes": "network.routes",
    "net.speed": "network.speed",
    "net.tcp_by_address": "network.internet",
    "net.traffic": "network.traffic",
    "net.udp": "network.udp",
    "os.support": "updates.support",
    "packages.lock": "updates.package_lock",
    "packages.state": "updates.package_state",
    "power.battery": "hardware.battery",
    "power.sleep": "hardware.incidents",
    "print.ready": "printing.print_ready",
    "printer.better_address": "printing.better_address",
    "printer.device": "printing.printer_device",
    "printer.jobs": "printing.printer_jobs",
    "printer.moved": "printing.printer_near",
    "printer.near": "printing.printer_near",
    "printer.supplies": "printing.printer_supplies",
    "printer.usb": "printing.printer_usb",
    "proc.limits": "load.limits",
    "proc.top": "load.processes",
    "program.crashes": "hardware.incidents",
    "scan.device": "scanning.scanner_device",
    "scan.listed": "scanning.sane_setup",
    "scan.setup": "scanning.sane_setup",
    "service.schedulers": "services.scheduling",
    "service.units": "services.units",
    "share.mounts": "shares.mounts",
    "share.server": "shares.server",
    "sound.input": "hardware.microphone",
    "sound.output": "hardware.sound",
    "system.restarts": "hardware.incidents",
    "updates.pending": "updates.pending",
    "updates.restart": "updates.restart",
    "updates.settings": "updates.automatic",
    "usb.drives": "disks.usb_drives",
    "vpn.names": "vpn.names",
    "vpn.server": "vpn.server",
    "vpn.status": "vpn.status",
    "web.proxy": "network.proxy",
    "web.reach": "network.web_reach",
    "web.site": "network.web_site",
    "web.tls": "network.tls",
    "wifi.log": "wifi.log",
    "wifi.radio": "wifi.radio",
    "wifi.scan": "wifi.scan",
    "wifi.status": "wifi.status",
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
