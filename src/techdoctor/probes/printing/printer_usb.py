"""Printers at the USB ports. CPython 3.9 syntax."""

from __future__ import annotations

from typing import List, Sequence

from techdoctor.probes.base import Params, Probe, Raws, Reading, Source, integer, parsed, texts, unsupported

# USB class of printers, protocol of IPP over USB (USB Printing Device Class 1.1; IPP-USB 1.0).
_PRINTER_CLASS, _IPP_USB = "07", "04"


def _sources(params: Params) -> Sequence[Source]:
    folder = "/sys/bus/usb/devices/*/"
    return [
        Source("classes", path=folder + "bInterfaceClass", cap_bytes=64),
        Source("protocols", path=folder + "bInterfaceProtocol", cap_bytes=64),
        Source("products", path=folder + "product", cap_bytes=256),
    ]


def parse(raws: Raws, params: Params) -> Reading:
    """Counts the USB devices with an interface of the printer class, and how many of them need no driver."""
    raws["classes"].need("the list of USB devices")
    interfaces = [
        path.rsplit("/", 2)[1] for path, word in raws["classes"].files.items() if word.strip() == _PRINTER_CLASS
    ]
    devices = sorted({name.partition(":")[0] for name in interfaces})
    driverless = {
        path.rsplit("/", 2)[1].partition(":")[0]
        for path, word in raws["protocols"].files.items()
        if word.strip() == _IPP_USB and path.rsplit("/", 2)[1] in interfaces
    }
    products = {path.rsplit("/", 2)[1]: word.strip() for path, word in raws["products"].files.items()}
    names: List[str] = [products.get(device, "") for device in devices]
    return Reading({"count": len(devices), "names": list(names), "driverless": len(driverless)})


PROBES = (
    Probe(
        name="printer.usb",
        title="USB printers",
        doc="Printers at the USB ports, by interface class 07 in sysfs.",
        fields={
            "count": integer("Printers at the USB ports.", "count"),
            "names": texts("What they call themselves.", private="serial"),
            "driverless": integer("Those of them that speak IPP over USB.", "count"),
        },
        methods={
            "linux": parsed(_sources, parse),
            "macos": unsupported("no recorded output of system_profiler to build on yet"),
            "windows": unsupported("no recorded output of Get-PnpDevice to build on yet"),
        },
    ),
)
