"""Rules that find secrets in text. Each is told apart by its kind, which stays as `[SECRET:kind]`.

The rules were written before the plants they are tested with (tests/bundle); what they cannot see
(a password without any word around it) is caught only where the same value stands elsewhere with
one: every secret found is then removed everywhere (redact.py).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

Replace = Callable[[re.Match[str]], str]

# A key whose value is a secret; words before and after it may be joined by . _ -
TELLTALE = (
    r"(?:pass(?:word|wd|phrase|code|wort)?s?|pwd|pw|kennwort|passwort|mot_?de_?passe|contrase[nñ]a|secrets?|"
    r"(?:auth|access|refresh|bearer|api|csrf|session|id)?[_-]?tokens?|api[_-]?keys?|(?:access|private|auth|"
    r"shared|account|encryption|signing|master)[_-]?keys?|credentials?|creds|wpa[_-]?psk|psk|pre-?shared[_-]?key|"
    r"session[_-]?id|sessid|sid|pin|puk|otp|community|license[_-]?key)"
)
# What stands before the word (`db.`, `AWS_`, `Admin`) does not matter, and looking for it would cost
# quadratic time on hostile text.
_KEY = rf"(?:(?<![A-Za-z0-9]){TELLTALE}|password|passwd|passphrase|pwd|secret|token)(?![A-Za-z0-9])"
# Settings about passwords, not passwords: password_min_length, token_count, passwd_file ...
_ABOUT = re.compile(r"[._-](?:min|max|length|age|file|path|policy|count|type|expire[sd]?|required|ok|hint|warn)", re.I)
_HARMLESS_WORDS = (
    "true false yes no on off none null unknown empty required incorrect wrong invalid missing expired denied "
    "rejected refused correct set unset not never always changed prompt ask asked is was too being the a an for "
    "and or of to in again login authentication failed failure error ok unexpected files dialog"
)
_HARMLESS = frozenset(_HARMLESS_WORDS.split())
SECRET_MARK = "[SECRET:"  # noqa: S105 - the mark that stands for a secret


@dataclass(frozen=True)
class Rule:
    """One rule: where `anchor` stands in the lower-case text (or always, when empty), try `pattern`.

    The group named `secret` is replaced; `check` may refuse a match.
    """

    kind: str
    pattern: re.Pattern[str]
    anchor: str = ""
    check: Callable[[str], bool] = bool


def is_secret_key(name: str) -> bool:
    """True when a JSON key or option of that name holds a secret."""
    return bool(_KEY_IN.search(name)) and not _ABOUT.search(name)


def looks_random(text: str) -> bool:
    """True for what a generator made: mixed kinds of characters and high entropy."""
    kinds = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    if kinds < 3 or max(map(len, text.split("/"))) < 16:  # a path of short names is no token
        return False
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) > 3.5


def _not_harmless(value: str) -> bool:
    return value.strip("\"'.,;:!?()[]").lower() not in _HARMLESS


def _telling(value: str) -> bool:
    """True for what is no ordinary word: letters mixed with digits."""
    return _not_harmless(value) and bool(re.search(r"[A-Za-z]", value) and re.search(r"[0-9]", value))


def _basic(value: str) -> bool:
    return bool(re.search(r"[0-9=+/]|[a-z][A-Z]", value))


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _iban(text: str) -> bool:
    """Source: ISO 13616-1, the check is ISO 7064 MOD 97-10."""
    plain = re.sub(r"\s", "", text).upper()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _rule(kind: str, pattern: str, anchor: str = "", check: Callable[[str], bool] = _not_harmless) -> Rule:
    return Rule(kind, re.compile(pattern, re.IGNORECASE | re.DOTALL), anchor, check)


def _exact(kind: str, pattern: str, check: Callable[[str], bool] = bool) -> Rule:
    return Rule(kind, re.compile(pattern), "", check)


_KEY_IN = re.compile(_KEY, re.IGNORECASE)
_VALUE = (
    r"""(?:\\["'](?P<escaped>[^"'\\\n]+)|"(?P<quoted>(?:[^"\\\n]|\\.)+)"|'(?P<single>[^'\n]+)'|"""
    r"""(?P<secret>[^\s"'<>]+))"""
)

RULES: tuple[Rule, ...] = (
    _rule("private-key", r"(?P<secret>-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(?:-----END [A-Z0-9 ]*-----|\Z))", "begin"),
    _rule("private-key", r"(?P<secret>AGE-SECRET-KEY-1[0-9A-Z]{20,})", "age-secret"),
    _rule(
        "header",
        r"(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?P<secret>[^\n\"']+)",
        "authorization",
    ),
    _rule("header", r"(?:x-api-key|x-auth-token|set-cookie|cookie)[\"']?\s*:\s*[\"']?(?P<secret>[^\n\"']+)"),
    _rule("bearer", r"\bbearer\s+(?P<secret>[A-Za-z0-9._~+/=-]{6,})", "bearer"),
    _rule("basic", r"\b(?:basic|negotiate)\s+(?P<secret>[A-Za-z0-9+/=]{8,})", check=_basic),
    _exact("jwt", r"(?P<secret>\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?)"),
    _exact("aws-key", r"(?P<secret>(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{12,20}(?![A-Za-z0-9]))"),
    _exact(
        "token",
        r"(?P<secret>(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|[rs]k_(?:live|test)_|sk-|AIza|"
        r"ya29\.|npm_|hf_|SG\.|dop_v1_|shpat_|pypi-|tskey-|hvs\.)[A-Za-z0-9._-]{10,})",
    ),
    _exact("token", r"(?:hooks\.slack\.com/services|discord(?:app)?\.com/api/webhooks)/(?P<secret>[A-Za-z0-9/_-]+)"),
    _exact("hash", r"(?P<secret>\$(?:1|2[abxy]|5|6|7|y|gy|sha1|argon2\w*|scrypt)\$[^\s:\"',]{8,})"),
    _rule("userinfo", r"(?<![\w/.+\\-])(?P<secret>[\w.+\\-]+:[^\s@/:\"']{3,})(?=@[\w-]+[.:/\w-])", "@"),
    _rule("password", r"(?:-U|--user)[= ]?['\"]?(?P<secret>[^\s%'\"]+%[^\s'\"]+)", "%"),
    _rule("password", r"\bcurl\b[^\n]{0,300}?\s(?:-u|--user)[= ]?['\"]?(?P<secret>[^\s:'\"]+:[^\s'\"]+)", "curl"),
    _rule(
        "password", r"\b(?:sshpass|mysql\w*|mariadb\w*|sudo|7z)\b[^\n]{0,300}?\s-p\s*['\"]?(?P<secret>[^\s'\"]+)", "-p"
    ),
    _rule("password", rf"--?{TELLTALE}(?:\s+|=){_VALUE}", "-"),
    _rule("password", r"\bpass:(?P<secret>[^\s\"']+)", "pass:"),
    _rule("password", r"\blogin\s+\S+\s+password\s+(?P<secret>\S+)", "login"),
    _rule("password", rf"<(?P<tag>[\w:.-]{{0,60}}{TELLTALE})(?:\s[^>]{{0,200}})?>(?P<secret>[^<]+)</", "</"),
    _rule("password", rf"(?P<key>{_KEY})(?P<about>[A-Za-z0-9._-]{{0,60}})\\?[\"']?\s*(?::=|=>|=|:)\s*\\?{_VALUE}"),
    _rule(
        "password",
        r"\b(?:password|passphrase|passwort|kennwort|pass ?code|pass ?phrase|pin|pw|pwd|secret|token|passwd)"
        rf"(?:\s+\w+){{0,3}}?\s+(?:is|was|to|ist|lautet|war|auf|est|es)\s*:?\s+{_VALUE}",
    ),
    _rule("password", r"\b(?:password|passphrase|passwort|kennwort|passwd)\s+(?P<secret>[^\s\"'<>]+)", check=_telling),
    _exact("card", r"(?P<secret>(?<![\w.-])(?:[3-6]\d|2[2-7])\d{2}[ -]?(?:\d[ -]?){8,14}\d(?![\w.]))", _luhn),
    _exact("iban", r"(?P<secret>\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?\b)", _iban),
    _exact("hex", r"(?P<secret>(?<![A-Za-z0-9])[0-9a-fA-F]{32,}(?![A-Za-z0-9]))"),
    _exact("token", r"(?P<secret>(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{20,}={0,2}(?![A-Za-z0-9]))", looks_random),
)


def replace_secrets(text: str, found: Callable[[str, str], str]) -> str:
    """Replaces every secret in a text.

    Args:
        text: Any text.
        found: Called with kind and secret; returns what stands there instead.
    """
    marks: list[str] = []

    def stash(kind: str, secret: str) -> str:
        """What is found is taken out at once, so that no later rule reads our own marks as text."""
        marks.append(found(kind, _STASHED.sub("", secret)))
        return f"{_OPEN}{len(marks) - 1}{_CLOSE}"

    text = _URI.sub(lambda match: _uri(match, stash), text.replace(_OPEN, "?").replace(_CLOSE, "?"))
    lowered = text.lower()
    for rule in RULES:
        if not rule.anchor or rule.anchor in lowered:
            text = rule.pattern.sub(lambda match, rule=rule: _hide(rule, match, stash), text)  # type: ignore[misc] # bound per round
    return _STASHED.sub(lambda match: marks[int(match[1])], text)


def _hide(rule: Rule, match: re.Match[str], found: Callable[[str, str], str]) -> str:
    groups = match.groupdict()
    name = next((n for n in ("secret", "escaped", "quoted", "single") if groups.get(n)), "")
    about = groups.get("about") or ""
    if not name or not rule.check(match[name]) or _ABOUT.match(about):
        return match[0]
    if not _STASHED.sub("", match[name]).strip("\"'.,;:&)]}\\"):  # nothing is left of it to hide
        return match[0]
    begin, end = match.start(name) - match.start(), match.end(name) - match.start()
    return match[0][:begin] + found(rule.kind, match[name]) + match[0][end:]


# Private-use characters: text from outside has none of them when the rules run.
_OPEN, _CLOSE = "\ue000", "\ue001"
_STASHED = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_URI = re.compile(r"""(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]{1,20}://)(?P<rest>[^\s"'<>|`]+)""")
_PORT_THEN_PATH = re.compile(r"[^@/?#]*:\d{1,5}(?:[/?#]|$)")


def _uri(match: re.Match[str], found: Callable[[str, str], str]) -> str:
    """A URI rebuilt without user info and query (RFC 3986, section 3), tolerant of raw / and @ in passwords."""
    rest, prefix = match["rest"], match["scheme"]
    authority_end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    at = rest.rfind("@", 0, authority_end)
    if at < 0 and ":" in rest[:authority_end] and "@" in rest and not _PORT_THEN_PATH.match(rest):
        at = rest.rfind("@")
    if at >= 0:
        secret = rest[:at]
        prefix += found("userinfo", secret) + "@"
        if ":" in secret:
            found("userinfo", secret.partition(":")[2])
        rest = rest[at + 1 :]
    body, mark, tail = _cut(rest)
    if not tail:
        return prefix + rest
    return prefix + body + mark + found("query", tail)


def _cut(rest: str) -> tuple[str, str, str]:
    places = [i for i in (rest.find("?"), rest.find("#")) if i >= 0]
    if not places:
        return rest, "", ""
    at = min(places)
    return rest[:at], rest[at], rest[at + 1 :]
