"""One printable page without any library: a PDF with a few lines of text. CPython 3.9 syntax."""

from __future__ import annotations

from typing import List, Sequence

_LINE_POINTS, _SIZE_POINTS = 20, 13
# The lower left corner of the first line: inside the margins of both A4 (842 points high) and Letter (792).
_LEFT, _TOP = 72, 700


def sample_page(lines: Sequence[str]) -> bytes:
    """A PDF of one A4 page with these lines in Helvetica; what is not ASCII becomes a question mark.

    Source: ISO 32000-1, 7.5 (file structure) and 9.6.2.2 (the standard fonts need no embedding).
    """
    shown = [f"BT /F1 {_SIZE_POINTS} Tf {_LEFT} {_TOP} Td {_LINE_POINTS} TL"]
    shown += [f"({_escaped(line)}) Tj T*" for line in lines]
    content = "\n".join([*shown, "ET"]).encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    return _file_of(objects)


def _escaped(line: str) -> str:
    plain = line.encode("ascii", "replace").decode("ascii")
    return "".join(f"\\{c}" if c in "()\\" else c for c in plain if c.isprintable())


def _file_of(objects: Sequence[bytes]) -> bytes:
    made = b"%PDF-1.4\n"
    places: List[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return (
        made
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            count,
            table,
            count,
            len(made),
        )
    )
