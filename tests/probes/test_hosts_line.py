"""The hosts line of nsswitch.conf: does it ever lead to a name server?"""

from __future__ import annotations

import pytest

from techdoctor.probes.names import hosts_line


@pytest.mark.parametrize(
    ("line", "leads"),
    [
        ("hosts: files dns", True),
        ("hosts: files mdns4_minimal [NOTFOUND=return] dns", True),
        ("hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns", True),
        ("hosts: files resolve [!UNAVAIL=return] dns", True),
        ("hosts: files [NOTFOUND=return] dns", False),
        ("hosts: files [ NOTFOUND = return ] dns", False),
        ("hosts: files [!SUCCESS=return] dns", False),
        ("hosts: files [SUCCESS=return] dns", True),
        ("hosts: files [NOTFOUND=continue] dns", True),
        ("hosts: mdns4 [NOTFOUND=return] dns", False),
        ("hosts: files myhostname", False),
        ("hosts:", True),
        ("passwd: files", True),
        ("", True),
    ],
)
def test_whether_it_leads_to_a_server(line: str, leads: bool) -> None:
    assert hosts_line.leads_to_servers(line + "\n") is leads
