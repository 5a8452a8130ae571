"""Links between documents lead somewhere, and every page can be found from the documentation's first page."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
GENERATED = {"build", ".venv", ".hypothesis", ".pytest_cache", "node_modules"}


def pages() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.md")) if not GENERATED & set(path.relative_to(ROOT).parts)]


def links(page: Path) -> list[Path]:
    """The files a page links to, outside its blocks of code."""
    return [(page.parent / target).resolve() for target in LINK.findall(FENCED.sub("", page.read_text()))]


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}" for page in pages() for target in links(page) if not target.exists()
    ]
    assert broken == []


def test_every_page_is_found_from_the_first() -> None:
    found: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in found and page.suffix == ".md" and page.exists():
            found.add(page)
            waiting += links(page)
    documents = {page for page in pages() if (ROOT / "docs") in page.parents}
    assert len(documents) > 10
    assert sorted(str(page.relative_to(ROOT)) for page in documents - found) == []
