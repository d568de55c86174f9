"""Hard cases for deduplication, each made from a real paper by a stated change."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

Paper = tuple[str, str]
"""Title and abstract."""
Change = Callable[[Paper, Paper, random.Random], tuple[Paper, Paper]]
"""From a paper and an unlike one: the pair that is planted."""

JOINED, LINKED, APART = "joined", "linked", "apart"
LEAST_CHARACTERS = 1_200
GREEK = str.maketrans("abcdefghijklmnopqrstuvwxyz", "αβψδεφγηιξκλμνοπϙρστθωςχυζ")
LATEX = {"α": r"$\alpha$", "é": r"\'{e}", "%": r"\%", "–": "--", "“": "``", "≤": r"$\leq$"}


def read_papers(folder: Path) -> list[Paper]:
    """Titles and whole abstracts of long-winded papers, each paper once, in order of ids."""
    found: dict[str, Paper] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            title, abstract = (" ".join(row[name].split()) for name in ("title", "summary"))
            if len(abstract) > LEAST_CHARACTERS and len(title.split()) > 4:
                found.setdefault(row["id"], (title, abstract))
    return [found[paper] for paper in sorted(found)]


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) ", text)


def _half(text: str, rng: random.Random) -> str:
    """Every other sentence, more or less."""
    sentences = _sentences(text)
    kept = sorted(rng.sample(range(len(sentences)), (len(sentences) + 1) // 2))
    return " ".join(sentences[place] for place in kept)


def _revised(text: str, every: int) -> str:
    """Each so-many-th word another one."""
    words = text.split()
    return " ".join("moreover" if i % every == every - 1 else w for i, w in enumerate(words))


def _new_title(paper: Paper, other: Paper, rng: random.Random) -> str:
    """Eight long words: of the paper's abstract, but up to three of an unlike paper's title."""
    n_foreign = rng.randrange(4)
    own = sorted({w.strip(".,():;") for w in paper[1].split() if len(w) > 6 and w.isascii()})
    foreign = [word for word in other[0].split() if len(word) > 3]
    words = rng.sample(own, 8 - n_foreign) + rng.sample(foreign, min(n_foreign, len(foreign)))
    return " ".join(rng.sample(words, len(words))).capitalize()


def _extended(paper: Paper, other: Paper, rng: random.Random) -> tuple[Paper, Paper]:
    text = (
        f"This article extends our conference paper. {_half(paper[1], rng)} {_half(other[1], rng)}"
    )
    return paper, (paper[0], text)


def _extended_renamed(paper: Paper, other: Paper, rng: random.Random) -> tuple[Paper, Paper]:
    return paper, (_new_title(paper, other, rng), _extended(paper, other, rng)[1][1])


def _parts(paper: Paper, other: Paper, rng: random.Random) -> tuple[Paper, Paper]:
    second = rng.choice([_half(paper[1], rng), other[1]])
    return (f"{paper[0]}, Part I", paper[1]), (f"{paper[0]}, Part II", second)


def _erratum(paper: Paper, other: Paper, rng: random.Random) -> tuple[Paper, Paper]:
    kind = rng.choice(["Erratum to: {}", "Corrigendum: {}", "Reply to “{}”", "Comment on “{}”"])
    text = rng.choice([paper[1], f"We put right what was said there. {_half(other[1], rng)}"])
    return paper, (kind.format(paper[0]), text)


def _same_title(paper: Paper, other: Paper, _: random.Random) -> tuple[Paper, Paper]:
    return paper, (paper[0], other[1])


def _translation(paper: Paper, _: Paper, __: random.Random) -> tuple[Paper, Paper]:
    title, text = (part.lower().translate(GREEK) for part in paper)
    return paper, (title, text)


def _renamed(paper: Paper, other: Paper, rng: random.Random) -> tuple[Paper, Paper]:
    return paper, (_new_title(paper, other, rng), paper[1])


def _renamed_revised(paper: Paper, other: Paper, rng: random.Random) -> tuple[Paper, Paper]:
    return paper, (_new_title(paper, other, rng), _revised(paper[1], 50))


def _one_abstract(paper: Paper, other: Paper, _: random.Random) -> tuple[Paper, Paper]:
    return paper, (other[0], paper[1])


def _cut(paper: Paper, _: Paper, rng: random.Random) -> tuple[Paper, Paper]:
    return paper, (rng.choice([paper[0], ""]), paper[1][:1000])


def _notice(paper: Paper, _: Paper, __: random.Random) -> tuple[Paper, Paper]:
    return paper, (paper[0], f"Abstract {paper[1]} © 2021 Elsevier B.V. All rights reserved.")


def _latex(paper: Paper, _: Paper, rng: random.Random) -> tuple[Paper, Paper]:
    words = paper[1].split()
    for place, sign in zip(rng.sample(range(len(words)), len(LATEX)), LATEX, strict=True):
        words[place] += sign
    plain = " ".join(words)
    marked = "".join(LATEX.get(character, character) for character in plain)
    return (paper[0], plain), (rf"\textbf{{{paper[0]}}}", marked)


def _upper_case(paper: Paper, _: Paper, __: random.Random) -> tuple[Paper, Paper]:
    return paper, (paper[0].upper() + ".", _revised(paper[1], 25))


def _no_subtitle(paper: Paper, _: Paper, __: random.Random) -> tuple[Paper, Paper]:
    whole = paper[0] if ": " in paper[0] else f"{paper[0]}: theory and practice"
    return (whole, paper[1]), (whole.split(": ")[0], _revised(paper[1], 50))


KINDS: dict[str, tuple[str, Change]] = {
    "extended version": (LINKED, _extended),
    "extended, renamed": (LINKED, _extended_renamed),
    "Part I, Part II": (LINKED, _parts),
    "erratum, reply": (LINKED, _erratum),
    "same title, other paper": (APART, _same_title),
    "one abstract, two papers": (APART, _one_abstract),
    "translation": (APART, _translation),
    "renamed": (JOINED, _renamed),
    "renamed and revised": (JOINED, _renamed_revised),
    "cut at 1,000 characters": (JOINED, _cut),
    "publisher's notice": (JOINED, _notice),
    "LaTeX and Unicode": (JOINED, _latex),
    "upper case, revised": (JOINED, _upper_case),
    "no subtitle, revised": (JOINED, _no_subtitle),
}
"""What is right for each kind, and how it is made."""


def plant(papers: list[Paper], n_each: int, seed: int = 0) -> list[tuple[str, Paper]]:
    """`n_each` pairs of each kind, no paper used twice; with `kind#number/side` of each side."""
    rng = random.Random(seed)
    drawn = iter(rng.sample(papers, 2 * n_each * len(KINDS)))
    planted = []
    for kind, (_, change) in KINDS.items():
        for number in range(n_each):
            sides = change(next(drawn), next(drawn), rng)
            planted += [(f"{kind}#{number}/{s}", p) for s, p in zip("ab", sides, strict=True)]
    return planted
