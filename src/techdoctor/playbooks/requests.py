"""Telling a request from a fault: "I need a new badge" is for people, not for a diagnosis. English words."""

from __future__ import annotations

import re

# What offices, houses and shops are asked for, broken or not; no playbook is about any of it.
_ELSEWHERE = """
badge canteen cafeteria lunch chair desk furniture holiday holidays vacation salary salaries payroll payslip wage
coffee elevator lift heating radiator parking toilet lavatory kitchen cleaning invoice expense expenses reimbursement
weather joke poem essay recipe translate translation insurance reception locker stationery
"""
# Words of office life that stand beside faults as well ("my colleague sees nothing", "dead since the training").
_OFFICE = "leave training course lesson pivot formula directory colleague accounting contract visitor sick appointment"
_OFFICE_WORDS = frozenset(_OFFICE.split())
_ELSEWHERE_WORDS = frozenset(_ELSEWHERE.split())
# What only something that should work can do: with one of these it may be a fault after all.
_FAULT = re.compile(
    r"\b(?:not|no|nothing|never|cant|cannot|wont|doesnt|isnt|dont|didnt|fail\w*|error\w*|slow\w*|crash\w*|broke\w*|"
    r"stuck|lost|virus\w*|hack\w*|hang\w*|freez\w*|frozen|drop\w*|refus\w*|denied|missing|because|stopp?\w*|dead)\b"
)
_TECHNICAL = re.compile(
    r"\b(?:computer|pc|laptop|notebook|internet|network|wi ?fi|wlan|vpn|e ?mail|outlook|print\w*|scan\w*|driver|disk|"
    r"drive|file\w*|folder|document|browser|web\w*|page\w*|site|online|password|login|bluetooth|camera|microphone|"
    r"headset|sound|video|zoom|teams|battery|keyboard|mouse|server|usb|stick|screen|monitor|display|projector|desktop|"
    r"program\w*|app|window\w*|memory|connect\w*|router|modem|cable|signal|offline)\b"
)
_SUPPLY = re.compile(
    r"\b(?:need|want|would like|can i (?:get|have)|could i (?:get|have)|may i have|order|buy|purchase|request)\b"
    r"(?: \w+){0,3} (?:new|second|another|replacement|additional|extra|bigger|larger)\b"
    r"|^(?:please )?(?:order|buy|purchase|book|reserve)\b|\breturn of\b"
)
# Asked for as new, but set up by a playbook.
_SET_UP = re.compile(r"\b(?:printer|software|program|programme|app|application|password|version|scanner)\b")
_ACCESS = re.compile(
    r"\b(?:create|open|set up|delete|close) (?:an? |the )?(?:new )?(?:user )?(?:account|mailbox)\b"
    r"|\b(?:give|grant) (?:me|him|her|us|them|\w+) (?:the )?(?:access|rights|permission)\b"
)
_QUESTION = re.compile(
    r"^(?:who (?:is|are)|when (?:does|do|is|are)|where (?:is|are) the office|how many|what is the)\b"
)


def is_request(words: str) -> bool:
    """True when the words ask people for something and tell of no fault."""
    said = re.sub(r"[^\w ]", " ", words.lower().replace("'", ""))
    said = " ".join(said.split())
    fault = bool(_FAULT.search(said))
    technical, spoken = bool(_TECHNICAL.search(said)), set(said.split())
    if spoken & _ELSEWHERE_WORDS and not technical:
        return True
    if fault:
        return False
    if spoken & _OFFICE_WORDS and not technical:
        return True
    if _SUPPLY.search(said):
        return not _SET_UP.search(said)
    return bool(_ACCESS.search(said)) or bool(_QUESTION.search(said) and not technical)
