"""net.captive_portal: telling a sign-in page from the true page, a broken site and lying names."""

from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.network import portal, targets
from techdoctor.probes.network.portal import NO_ANSWER, NO_NAME, REDIRECT, REWRITE, SITE_FAULT, TRUE_PAGE, Page, judge
from techdoctor.probes.network.targets import BY_NUMBER, PortalCheck

TEXT = PortalCheck("check.example", "/success.txt", 200, "success")
EMPTY = PortalCheck("check.example", "/generate_204", 204, "")


@pytest.mark.parametrize(
    ("check", "status", "location", "body", "verdict"),
    [
        (TEXT, 200, "", "success\n", TRUE_PAGE),
        (TEXT, 200, "", "<html>Please sign in</html>", REWRITE),
        (TEXT, 302, "http://portal.example/login", "", REDIRECT),
        (TEXT, 302, "https://check.example/success.txt", "", TRUE_PAGE),
        (TEXT, 301, "https://www.check.example/", "", TRUE_PAGE),
        (TEXT, 302, "/elsewhere", "", TRUE_PAGE),
        (TEXT, 500, "", "oops", SITE_FAULT),
        (TEXT, 503, "", "<html>Sign in</html>", SITE_FAULT),
        (TEXT, 404, "", "", SITE_FAULT),
        (TEXT, 511, "", "", REWRITE),
        (EMPTY, 204, "", "", TRUE_PAGE),
        (EMPTY, 200, "", "<html>hotel</html>", REWRITE),
    ],
)
def test_pages(check: PortalCheck, status: int, location: str, body: str, verdict: str) -> None:
    assert judge(check, status, location, body).verdict == verdict


@pytest.mark.parametrize(
    ("status", "location", "verdict"),
    [
        (301, f"https://{BY_NUMBER}/", TRUE_PAGE),
        (301, "https://one.one.one.one/", TRUE_PAGE),
        (302, "http://login.hotel.example/?url=x", REDIRECT),
        (200, "", SITE_FAULT),
        (403, "", SITE_FAULT),
        (511, "", REWRITE),
    ],
)
def test_the_page_by_number(status: int, location: str, verdict: str) -> None:
    assert portal.judge_by_number(status, location).verdict == verdict


def test_a_portal_is_found_and_where_it_leads() -> None:
    pages = [Page("a.example", REDIRECT, 302, "login.example"), Page("b.example", REWRITE, 200)]
    data = portal.reading(pages, 4).data
    assert (data["found"], data["kind"], data["location_host"]) == (True, "redirect", "login.example")


def test_a_portal_that_lets_one_makers_check_through_is_still_one() -> None:
    pages = [Page("a.example", TRUE_PAGE, 200), Page(BY_NUMBER, REDIRECT, 302, "login.example")]
    assert portal.reading(pages, 2).data["found"] is True


def test_lying_names_are_no_portal() -> None:
    """Every name leads to an advertiser's server, while the number leads where it should."""
    pages = [Page("a.example", REWRITE, 200), Page("b.example", REWRITE, 200), Page(BY_NUMBER, TRUE_PAGE, 301)]
    data = portal.reading(pages, 3).data
    assert (data["found"], data["names_lie"]) == (False, True)


def test_dead_names_leave_the_number_to_decide() -> None:
    pages = [Page(BY_NUMBER, TRUE_PAGE, 301), Page("a.example", NO_NAME)]
    assert portal.reading(pages, 4).data["found"] is False


def test_a_broken_site_settles_nothing() -> None:
    found = portal.reading([Page("a.example", SITE_FAULT, 500), Page(BY_NUMBER, NO_ANSWER)], 2)
    assert found.data["found"] is None
    assert found.gaps["found"]


def test_no_page_at_all_is_told() -> None:
    with pytest.raises(CannotMeasure) as told:
        portal.reading([Page("a.example", NO_NAME), Page(BY_NUMBER, NO_ANSWER)], 4)
    assert told.value.status == "timeout"


def test_a_site_may_name_its_own_pages() -> None:
    [check] = targets.portal_checks({"portal": ["http://intranet.example/ok 200 fine"]})
    assert check == PortalCheck("intranet.example", "/ok", 200, "fine")
    assert targets.portal_checks({}) == targets.PORTAL_CHECKS


def test_a_site_may_name_its_own_addresses() -> None:
    assert targets.internet({"internet": ["192.0.2.1", "2001:db8::1"]}) == (["192.0.2.1"], ["2001:db8::1"])
    assert len(targets.internet({})[0]) >= 3
