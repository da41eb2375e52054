"""Whatever is written into the trail can be read in Spanish on its page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import app
from app.web.staff.audit_words import ACTION_WORDS, OBJECT_WORDS

WRITERS = {"append", "saw", "note", "_note", "_write_down"}
FOLDER = Path(app.__path__[0])


def calls() -> Iterator[ast.Call]:
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                if name in WRITERS:
                    yield node


def texts(node: ast.expr) -> Iterator[str]:
    """A word, or the two words of a choice."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def acts_in(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        yield from (text for text in texts(argument) if re.fullmatch(r"[a-z]+\.[a-z_]+", text))


def test_every_act_has_words() -> None:
    acts = {act for call in calls() for act in acts_in(call)}

    assert "roster.imported" in acts
    assert acts - set(ACTION_WORDS) == set()


def test_everything_acted_on_has_words() -> None:
    pairs = [
        node
        for call in calls()
        for node in (*call.args, *(word.value for word in call.keywords))
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and any(acts_in(call))
    ]
    kinds = {text for pair in pairs for text in texts(pair.elts[0])}

    assert "panel_member" in kinds
    assert kinds - set(OBJECT_WORDS) == set()
