"""USB printers from sysfs text. The numbers are those of real descriptors (OpenPrinting/ipp-usb#26, #74)."""

from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.base import Raw
from techdoctor.probes.printing.printer_usb import parse

_AT = "/sys/bus/usb/devices/"


def _files(name: str, entries: dict[str, str]) -> Raw:
    return Raw("ok", files={f"{_AT}{device}/{name}": f"{value}\n" for device, value in entries.items()})


def test_printers_are_told_from_other_devices() -> None:
    raws = {
        "classes": _files(
            "bInterfaceClass", {"1-0:1.0": "09", "1-2:1.0": "07", "1-2:1.1": "07", "1-3:1.0": "07", "1-4:1.0": "03"}
        ),
        "protocols": _files("bInterfaceProtocol", {"1-2:1.0": "04", "1-2:1.1": "04", "1-3:1.0": "02", "1-4:1.0": "04"}),
        "products": _files("product", {"1-2": "LaserJet", "1-3": "MP530", "1-4": "Keyboard"}),
    }
    assert parse(raws, {}).data == {"count": 2, "names": ["LaserJet", "MP530"], "driverless": 1}


def test_no_printer_is_not_the_same_as_no_bus() -> None:
    none = {name: Raw("absent") for name in ("classes", "protocols", "products")}
    hub = {**none, "classes": _files("bInterfaceClass", {"1-0:1.0": "09"})}
    assert parse(hub, {}).data["count"] == 0
    with pytest.raises(CannotMeasure) as caught:
        parse(none, {})
    assert caught.value.status == "not_applicable"
