from __future__ import annotations

from techdoctor.probes.disks import fstab_table
from techdoctor.probes.disks.fstab_table import Line


def test_names_options_and_comments() -> None:
    content = r"""
    # a comment of many words
UUID=1 /boot/ ext4 defaults,ro 0 2
LABEL="My\040data" /srv/tab\011and\134040 ext4
only two
UUID=2 none swap sw 0 0
"""
    assert fstab_table.parse(content) == [
        Line("UUID=1", "/boot", "ext4", ("defaults", "ro")),
        Line("LABEL=My data", "/srv/tab\tand\\040", "ext4", ("defaults",)),
        Line("UUID=2", "none", "swap", ("sw",)),
    ]
