"""A template receives one dataclass and computes nothing (style.md 15)."""

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import app.web
from app.web.render import Page

TEMPLATES = Path(app.web.__file__).parent / "templates"

for found in pkgutil.walk_packages(app.web.__path__, "app.web."):
    importlib.import_module(found.name)


def pages(base: type[Page] = Page) -> Iterator[type[Page]]:
    for page in base.__subclasses__():
        if hasattr(page, "template") and "__slots__" in vars(page):  # not what it was made from
            yield page
        yield from pages(page)


def sources(name: str) -> Iterator[str]:
    """The template with everything it extends or includes."""
    source = (TEMPLATES / name).read_text("utf-8")
    yield source
    for inner in re.findall(r'{%\s*(?:extends|include)\s+"([^"]+)"', source):
        yield from sources(inner)


EVERY_PAGE = sorted(set(pages()), key=lambda page: page.template)


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_a_template_uses_only_what_its_page_has(page: type[Page]) -> None:
    used = {
        name for source in sources(page.template) for name in re.findall(r"\bpage\.(\w+)", source)
    }

    unknown = {name for name in used if not hasattr(page, name) and name not in fields(page)}
    assert unknown == set()


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_a_page_carries_nothing_its_template_does_not_use(page: type[Page]) -> None:
    used = {
        name for source in sources(page.template) for name in re.findall(r"\bpage\.(\w+)", source)
    }
    whole = any(re.search(r"\(\s*page\s*[,)]", source) for source in sources(page.template))

    idle = set() if whole else fields(page) - used
    assert idle == set()


def fields(page: type[Page]) -> set[str]:
    return {field.name for field in dataclasses.fields(page)}


def test_every_template_belongs_to_a_page() -> None:
    """A template nobody renders is a page nobody sees."""
    named = {name for page in pages() for name in [page.template]}
    reached = {inner for name in named for inner in reach(name)}

    left = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")} - reached
    assert left == set()


def reach(name: str) -> Iterator[str]:
    yield name
    source = (TEMPLATES / name).read_text("utf-8")
    for inner in re.findall(r'{%-?\s*(?:extends|include|import|from)\s+"([^"]+)"', source):
        yield from reach(inner)


def test_nothing_is_marked_safe_in_a_template() -> None:
    """Escaping stays on: a value that is HTML is a decision of Python, not of a page (SEC-38)."""
    offenders = [
        path.name
        for path in TEMPLATES.rglob("*.html")
        if re.search(r"\|\s*safe\b|autoescape false", path.read_text("utf-8"))
    ]
    assert offenders == []


def test_no_style_or_script_stands_in_a_page() -> None:
    """The policy forbids them: a style attribute or an inline script never works."""
    offenders = [
        path.name
        for path in TEMPLATES.rglob("*.html")
        if re.search(
            r'\sstyle="|\son\w+="|<style|<script(?![^>]*(?:\bsrc=|application/json))',
            path.read_text("utf-8"),
        )
    ]
    assert offenders == []
