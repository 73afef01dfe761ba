"""Faults of the firewall and of virus scanners."""

from __future__ import annotations

from tests.lab.host.scripted_fault import Fault

_HEADER = "%-512s"
_OLD_DATABASE = (
    f"""mkdir -p /var/lib/clamav; printf '{_HEADER}' """
    "'ClamAV-VDB:16 Sep 2024 04-29 -0400:27400:2066898:90:x:y:raynman:1726475364' > /var/lib/clamav/daily.cvd"
)
NEW_DATABASE = (
    "mkdir -p /var/lib/clamav; built=$(date -u '+%d %b %Y %H-%M +0000'); "
    f"printf '{_HEADER}' \"ClamAV-VDB:$built:27800:1:90:x:y:r:1\" > /var/lib/clamav/daily.cld"
)


def clam_unit(name: str) -> str:
    """Script that writes a unit named as Debian names it, with something else to run."""
    return f"""
        printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' \
            > /etc/systemd/system/{name}.service
        systemctl daemon-reload
    """


NO_CLAM = """
    systemctl stop clamav-daemon clamav-freshclam 2>/dev/null || true
    systemctl disable -q clamav-daemon clamav-freshclam 2>/dev/null || true
    rm -rf /var/lib/clamav /etc/systemd/system/clamav-*
    systemctl daemon-reload
"""
OWN_RULES = """nft -f - <<'END'
table inet own {
    chain entry {
        type filter hook input priority 0; policy accept;
        iif lo accept
        tcp dport 22 accept
        counter drop
    }
}
END
"""
NO_RULES = "ufw --force disable >/dev/null; nft flush ruleset"
PROTECTION: dict[str, Fault] = {
    "no firewall rules": Fault(
        "sec.av.firewall_off",
        ("is my firewall on", "the firewall is off"),
        NO_RULES,
    ),
    "only single senders are refused": Fault(
        "sec.av.firewall_off",
        ("am I protected by a firewall",),
        """nft -f - <<'END'
table ip f2b {
    chain input {
        type filter hook input priority 0; policy accept;
        ip saddr 192.0.2.7 drop
    }
}
END""",
        NO_RULES,
    ),
    "virus definitions of 2024": Fault(
        "sec.av.antivirus_stale",
        ("the virus definitions are old", "LibClamAV Warning: The virus database is older than 7 days"),
        _OLD_DATABASE,
        NO_CLAM,
    ),
    "updater stopped, no definitions": Fault(
        "sec.av.antivirus_stale", ("clamav does not update",), clam_unit("clamav-freshclam"), NO_CLAM
    ),
    "scanner stopped": Fault(
        "sec.av.antivirus_off",
        ("the antivirus does not run",),
        NEW_DATABASE + clam_unit("clamav-daemon"),
        NO_CLAM,
    ),
}
