"""Where each action lives. A new action adds one line here."""

from __future__ import annotations

import difflib
import importlib
from typing import Dict, List, Mapping

from techdoctor.actions.base import Action
from techdoctor.errors import UsageError

# Action name -> module below techdoctor.actions that declares it in ACTIONS. Keep sorted by name.
MODULES: Mapping[str, str] = {
    "account.forget_failures": "accounts",
    "account.unlock": "accounts",
    "caches.delete": "caches",
    "clock.set": "clock",
    "clock.set_zone": "clock",
    "clock.sync_on": "clock",
    "disk.attach": "drives",
    "disk.detach_hung": "drives",
    "disk.remount_writable": "drives",
    "dns.flush_cache": "dns",
    "dns.prefer_server": "dns",
    "dns.remove_hosts_entry": "dns",
    "file.unlock": "file_rights",
    "firewall.enable": "firewall",
    "home.make_own": "file_rights",
    "locale.generate": "language",
    "net.adapter_up": "network",
    "net.drop_vpn_route": "network",
    "net.lower_mtu": "mtu",
    "net.renew_lease": "network",
    "packages.clear_lock": "packages",
    "packages.finish": "packages",
    "packages.refresh_lists": "packages",
    "packages.unhold": "packages",
    "print.accept_jobs": "printing",
    "print.cancel_job": "printing",
    "print.release_job": "printing",
    "print.resume_queue": "printing",
    "print.add_queue": "print_add",
    "print.set_address": "print_queues",
    "print.set_default": "print_service",
    "print.set_up_again": "print_queues",
    "print.start_service": "print_service",
    "print.test_page": "print_test",
    "print.try_job": "print_test",
    "process.continue": "processes",
    "process.end": "processes",
    "scan.add_by_address": "scanning",
    "scan.enable_backend": "scanning",
    "service.disable": "service_state",
    "service.enable": "service_state",
    "service.restart": "services",
    "service.revive": "service_state",
    "service.start": "services",
    "share.connect": "shares",
    "share.let_go": "shares",
    "sound.unmute": "sound",
    "updates.switch_on": "automatic_updates",
    "usb.open": "usb_drive",
    "web.remove_proxy": "proxy",
    "web.repair_ca_store": "trust",
    "wifi.radio_on": "wifi",
}


def names() -> List[str]:
    """All action names, sorted."""
    return sorted(MODULES)


def get(name: str) -> Action:
    """The declaration of an action.

    Raises:
        UsageError: There is no such action; the hint names the nearest one.
    """
    if name not in MODULES:
        near = difflib.get_close_matches(name, MODULES, n=1)
        raise UsageError(f"unknown action '{name}'", f"did you mean {near[0]}?" if near else "")
    module = importlib.import_module(f"techdoctor.actions.{MODULES[name]}")
    found: Dict[str, Action] = {action.name: action for action in module.ACTIONS}
    return found[name]
