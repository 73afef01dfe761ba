"""What the laboratory's printer says of itself: enough for CUPS to make a driverless queue for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from techdoctor.probes.printing.ipp_wire import (
    BOOLEAN,
    CHARSET,
    COLLECTION,
    ENUM,
    INTEGER,
    KEYWORD,
    LANGUAGE,
    MIME,
    NAME,
    OCTETS,
    RANGE,
    RESOLUTION,
    TEXT,
    URI,
    Attribute,
)

_SIZES = {"iso_a4_210x297mm": (21000, 29700), "na_letter_8.5x11in": (21590, 27940)}
_MARGINS = ("media-bottom-margin", "media-left-margin", "media-right-margin", "media-top-margin")


@dataclass
class Temper:
    """How the printer behaves; every field may be changed while it runs.

    Attributes:
        state: printer-state: 3 idle, 4 processing, 5 stopped.
        jobs: "finish", "stick", "stick_first" (only the first job does) or "abort".
        http_status: HTTP status for every request; 0 answers normally.
        ipp_status: IPP status for every request; 0 answers normally.
        body: "ipp", "html", "hang", "close", "drip", "huge", "deep" or "garbage".
        job_seconds: How long a job takes.
    """

    state: int = 3
    reasons: list[str] = field(default_factory=lambda: ["none"])
    message: str = ""
    accepting: bool = True
    jobs: str = "finish"
    http_status: int = 0
    ipp_status: int = 0
    body: str = "ipp"
    job_seconds: float = 0.1
    uuid: str = "urn:uuid:6f1d0c5e-55aa-4b1c-9a51-0d3c2f7b9e10"


def _size(name: str) -> dict[str, Attribute]:
    width, height = _SIZES[name]
    return {"x-dimension": Attribute(INTEGER, (width,)), "y-dimension": Attribute(INTEGER, (height,))}


def _media(name: str) -> dict[str, Attribute]:
    members = {
        "media-size": Attribute(COLLECTION, (_size(name),)),
        "media-size-name": Attribute(KEYWORD, (name,)),
        "media-source": Attribute(KEYWORD, ("main",)),
        "media-type": Attribute(KEYWORD, ("stationery",)),
    }
    return {**members, **{margin: Attribute(INTEGER, (423,)) for margin in _MARGINS}}


def _capabilities() -> dict[str, tuple[int, Any]]:
    sizes = list(_SIZES)
    return {
        "ipp-versions-supported": (KEYWORD, ["1.1", "2.0"]),
        "ipp-features-supported": (KEYWORD, ["ipp-everywhere", "airprint-1.7"]),
        "operations-supported": (ENUM, [0x02, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0A, 0x0B]),
        "charset-configured": (CHARSET, "utf-8"),
        "charset-supported": (CHARSET, "utf-8"),
        "natural-language-configured": (LANGUAGE, "en"),
        "generated-natural-language-supported": (LANGUAGE, "en"),
        "document-format-default": (MIME, "application/pdf"),
        "document-format-supported": (MIME, ["application/pdf", "image/urf", "image/pwg-raster", "image/jpeg"]),
        "pdl-override-supported": (KEYWORD, "attempted"),
        "compression-supported": (KEYWORD, "none"),
        "color-supported": (BOOLEAN, True),
        "copies-supported": (RANGE, [(1, 99)]),
        "copies-default": (INTEGER, 1),
        "media-supported": (KEYWORD, sizes),
        "media-default": (KEYWORD, sizes[0]),
        "media-ready": (KEYWORD, sizes[0]),
        "media-col-default": (COLLECTION, _media(sizes[0])),
        "media-col-ready": (COLLECTION, _media(sizes[0])),
        "media-col-database": (COLLECTION, [_media(name) for name in sizes]),
        "media-col-supported": (KEYWORD, [*_media(sizes[0])]),
        "media-size-supported": (COLLECTION, [_size(name) for name in sizes]),
        "media-source-supported": (KEYWORD, "main"),
        "media-type-supported": (KEYWORD, "stationery"),
        **{f"{margin}-supported": (INTEGER, 423) for margin in _MARGINS},
        "print-color-mode-supported": (KEYWORD, ["auto", "color", "monochrome"]),
        "print-color-mode-default": (KEYWORD, "auto"),
        "print-quality-supported": (ENUM, [3, 4, 5]),
        "print-quality-default": (ENUM, 4),
        "sides-supported": (KEYWORD, "one-sided"),
        "sides-default": (KEYWORD, "one-sided"),
        "output-bin-supported": (KEYWORD, "face-down"),
        "output-bin-default": (KEYWORD, "face-down"),
        "orientation-requested-supported": (ENUM, [3, 4]),
        "orientation-requested-default": (ENUM, 3),
        "printer-resolution-supported": (RESOLUTION, [(300, 300, 3)]),
        "printer-resolution-default": (RESOLUTION, [(300, 300, 3)]),
        "pwg-raster-document-resolution-supported": (RESOLUTION, [(300, 300, 3)]),
        "pwg-raster-document-type-supported": (KEYWORD, ["sgray_8", "srgb_8"]),
        "pwg-raster-document-sheet-back": (KEYWORD, "normal"),
        "urf-supported": (KEYWORD, ["W8", "SRGB24", "CP1", "RS300", "V1.4"]),
        "job-creation-attributes-supported": (KEYWORD, ["copies", "media", "media-col", "sides", "print-quality"]),
        "which-jobs-supported": (KEYWORD, ["completed", "not-completed"]),
        "printer-input-tray": (
            OCTETS,
            b"type=sheetFeedAutoRemovableTray;level=100;status=0;name=main;",
        ),
        "marker-names": (NAME, "Black Toner"),
        "marker-types": (KEYWORD, "toner"),
        "marker-levels": (INTEGER, 80),
    }


def printer_attributes(temper: Temper, host: str, queued: int) -> dict[str, Attribute]:
    """All attributes of the printer, as Get-Printer-Attributes returns them."""
    state = 4 if temper.state == 3 and queued else temper.state
    tree: dict[str, tuple[int, Any]] = {
        "printer-uri-supported": (URI, f"ipp://{host}/ipp/print"),
        "uri-security-supported": (KEYWORD, "none"),
        "uri-authentication-supported": (KEYWORD, "none"),
        "printer-name": (NAME, "Laboratory printer"),
        "printer-info": (TEXT, "Laboratory printer"),
        "printer-make-and-model": (TEXT, "Laboratory Laser 1"),
        "printer-uuid": (URI, temper.uuid),
        "printer-device-id": (TEXT, "MFG:Laboratory;MDL:Laser 1;CMD:PDF,URF,PWGRaster;"),
        "printer-state": (ENUM, state),
        "printer-state-reasons": (KEYWORD, temper.reasons),
        "printer-state-message": (TEXT, temper.message),
        "printer-is-accepting-jobs": (BOOLEAN, temper.accepting),
        "queued-job-count": (INTEGER, queued),
        "printer-more-info": (URI, f"http://{host}/"),
        "printer-up-time": (INTEGER, 60),
        **_capabilities(),
    }
    return {name: Attribute(tag, tuple(v) if isinstance(v, list) else (v,)) for name, (tag, v) in tree.items()}
