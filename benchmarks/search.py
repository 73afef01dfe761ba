"""How well everyday words find their playbook: `python benchmarks/search.py` prints the table of docs/benchmarks.md.

The phrases of benchmarks/phrases were written before any tuning. `held_back.txt` is measured, never tuned to.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from pathlib import Path

from techdoctor.playbooks.index import Entry
from techdoctor.playbooks.library import Library, shipped_folder
from techdoctor.playbooks.search import clear_winner, search

PHRASES = Path(__file__).parent / "phrases"
SEED = 8


def phrases(name: str) -> list[tuple[str, str]]:
    """(words, id of the right playbook) of a file with lines `id: phrase;phrase`."""
    rows = (line.partition(": ") for line in (PHRASES / f"{name}.txt").read_text(encoding="utf-8").splitlines())
    return [(words, wanted) for wanted, _, listed in rows for words in listed.split(";")]


def misspelt(words: str, chance: random.Random) -> str:
    """One slip in the longest word: a letter left out, doubled, exchanged or swapped with the next."""
    longest = max(words.split(), key=len)
    if len(longest) < 4:
        return words
    place = chance.randrange(1, len(longest) - 1)
    slips = (
        longest[:place] + longest[place + 1 :],
        longest[:place] + longest[place] + longest[place:],
        longest[:place] + longest[place + 1] + longest[place] + longest[place + 2 :],
        longest[:place] + chance.choice("aeionrst") + longest[place + 1 :],
    )
    return words.replace(longest, chance.choice(slips), 1)


def row(index: list[Entry], name: str, asked: list[tuple[str, str]], misses: bool) -> str:
    """One line of the table."""
    first = three = clear = right = 0
    took: list[float] = []
    for words, wanted in asked:
        begun = time.perf_counter()
        hits = search(index, words)
        took.append((time.perf_counter() - begun) * 1000)
        ids = [hit.id for hit in hits[:3]]
        winner = clear_winner(hits)
        first += ids[:1] == [wanted]
        three += wanted in ids
        clear += winner is not None
        right += winner is not None and winner.id == wanted
        if misses and ids[:1] != [wanted]:
            print(f"    {wanted}: {words!r} -> {ids}")
    share = f"{right / clear:.2f}" if clear else "none"
    times = f"{statistics.median(took):.1f}, {max(took):.1f}"
    return (
        f"| {name} | {len(asked)} | {first / len(asked):.3f} | {three / len(asked):.3f} | {clear} | {share} | {times} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="show each phrase of the tuning set that was not first")
    parser.add_argument("--tuning-only", action="store_true", help="leave the held-back half unread")
    wish = parser.parse_args()
    index = list(Library([shipped_folder()]).index())
    search(index, "warm up")
    print(
        "| phrases | how many | right at 1 | right at 3 | started at once | of these right | ms, middle and longest |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in ("tuning",) if wish.tuning_only else ("tuning", "held_back"):
        chance = random.Random(SEED)
        asked = phrases(name)
        typos = [(misspelt(words, chance), wanted) for words, wanted in asked]
        print(row(index, name, asked, wish.misses and name == "tuning"))
        print(row(index, f"{name}, typos", typos, wish.misses and name == "tuning"))
    outside = (PHRASES / "out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    started = [words for words in outside if clear_winner(search(index, words))]
    print(f"\nOut of scope: {len(outside)} requests, started by mistake: {len(started)}")
    if wish.misses:
        print("\n".join(f"    {words!r} -> {search(index, words)[0].id}" for words in started))


if __name__ == "__main__":
    main()
