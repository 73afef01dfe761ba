"""The areas of playbooks, as the menu names them: by the first part of a playbook's id."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "area.acct": "Signing in and passwords",
    "area.app": "Programs",
    "area.backup": "Backups",
    "area.bt": "Bluetooth",
    "area.cam": "Camera",
    "area.disk": "Disks and space",
    "area.display": "Screens",
    "area.file": "Files and folders",
    "area.fs": "USB drives and memory cards",
    "area.input": "Keyboard and mouse",
    "area.mail": "E-mail",
    "area.net": "Internet and network",
    "area.perf": "Slow or frozen computer",
    "area.power": "Battery and power",
    "area.print": "Printing",
    "area.sec": "Security",
    "area.sound": "Sound",
    "area.sys": "Updates, services, clock and language",
    "area.web": "Web sites",
    "area.wifi": "Wi-Fi",
}
