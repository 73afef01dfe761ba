"""The test page is a PDF that readers accept."""

from __future__ import annotations

import re

from techdoctor.actions.sample_page import sample_page


def test_every_object_stands_where_the_table_says() -> None:
    page = sample_page(["a (b) \\ c", "Grüße"])
    table = int(page.rsplit(b"startxref\n", 1)[1].split()[0])
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", page[table:])]
    assert [page[place:].split(b" ", 1)[0] for place in places] == [b"%d" % n for n in range(1, len(places) + 1)]
    assert rb"(a \(b\) \\ c)" in page
    assert b"Gr??e" in page
