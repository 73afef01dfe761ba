"""HTML pages of one file: no script, nothing loaded, a strict content policy, light, dark and on paper."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from techdoctor.text import clean_line

# Colours have a contrast of at least 4.5 to their ground in both schemes (WCAG 2.2, 1.4.3).
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1f;--dim:#5a5a66;--ground:#fff;--card:#f4f4f7;--line:#d4d4dc;
--danger:#a40000;--problem:#b3261e;--warning:#7a4f00;--note:#1f5fa8;--good:#136c3a}
@media(prefers-color-scheme:dark){:root{--ink:#ececf1;--dim:#a9a9b6;--ground:#16161a;--card:#212127;--line:#3b3b45;
--danger:#ff8a80;--problem:#ff9a8f;--warning:#ffc766;--note:#8ec1ff;--good:#7fd6a0}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:52rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);
background:var(--ground);overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:1.6rem 0 .4rem}h3{font-size:1rem;margin:0}
p{margin:.3rem 0}.dim{color:var(--dim);font-size:.9rem}
.card{background:var(--card);border-left:.35rem solid var(--line);border-radius:.3rem;
padding:.6rem .8rem;margin:.6rem 0}
.danger{border-color:var(--danger)}.problem{border-color:var(--problem)}.warning{border-color:var(--warning)}
.note{border-color:var(--note)}.good{border-color:var(--good)}
.danger .tag{color:var(--danger)}.problem .tag{color:var(--problem)}.warning .tag{color:var(--warning)}
.note .tag{color:var(--note)}.good .tag{color:var(--good)}.tag{font-weight:600}
code{font:.9rem ui-monospace,monospace;background:var(--ground);border:1px solid var(--line);border-radius:.2rem;
padding:0 .25rem}
ul{margin:.3rem 0;padding-left:1.2rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.25rem .5rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
figure{margin:.8rem 0}figcaption{font-size:.9rem}svg{width:100%;height:auto;max-height:9rem;display:block}
.plot{stroke:var(--note);fill:none;stroke-width:1.5}.axis{stroke:var(--line);stroke-width:1}
.mark{fill:var(--problem)}text{fill:var(--dim);font-size:11px}
@media print{body{max-width:none;padding:0;font-size:10pt}.card,figure{break-inside:avoid}details>*{display:block}}
"""


def page(title: str, language: str, body: Iterable[str]) -> str:
    """A whole page. `body` holds ready HTML; `title` is escaped here."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{shown(title)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        ]
    )


def shown(text: str, limit: int = 600) -> str:
    """Foreign text on one line, harmless in HTML."""
    return escape(clean_line(text, limit), quote=True)


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{shown(text)}</p>' if kind else f"<p>{shown(text)}</p>"


def listed(texts: Iterable[str]) -> list[str]:
    """A list; nothing when there is nothing to list."""
    items = [f"<li>{shown(text)}</li>" for text in texts]
    return ["<ul>", *items, "</ul>"] if items else []


def card(kind: str, tag: str, title: str, inside: Iterable[str]) -> list[str]:
    """A box: `kind` is a severity or "good"; `inside` holds ready HTML."""
    return [
        f'<section class="card {kind}">',
        f'<h3><span class="tag">{shown(tag)}:</span> {shown(title)}</h3>',
        *inside,
        "</section>",
    ]
