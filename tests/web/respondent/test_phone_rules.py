"""Phone and server say the same of random answers: path, faults, what is cleared, what next."""

import json
import os
import random
from collections.abc import Iterator, Mapping
from datetime import date

import pytest
from playwright.sync_api import Page, sync_playwright

from app.questionnaires.answers import Answer, MissingCode, Unreadable, read_answer, read_preloaded
from app.questionnaires.compact import CODES, Audiences, audiences_of, compact
from app.questionnaires.entry import form_fields, read_entry
from app.questionnaires.flow import Walk, settled, step_beyond, steps, walk
from app.questionnaires.flow import first_unanswered as resume
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Item, ItemType, Language
from app.questionnaires.leaves import Leaf
from app.questionnaires.validation import Issue, Severity, blanks_on, issues_on
from app.responses.sitting import GIVEN
from app.web.assets import FOLDER
from app.web.respondent.posted import MUNICIPALITY, STATE_FIELD
from app.web.tight import tight_script
from app.web.wiring import clean_text
from tests.questionnaires.sources import questionnaire

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CASES = 400  # for each questionnaire and kind of programme: 2,400 in all
SEED = 20260301
TEXTS = (
    "", " ", "Auxiliar", "ñandú – «así»", "a" * 121, "b" * 201, "🦙" * 120, "e\u0301" * 119,
    "ana@correo.mx", "ana@correo", "55 1234 5678", "+52 (55) 1234.5678", "0551234567", "7", "007",
    "96", "97", "-1", "1e3", "٣", "2026-07", "<b>", "=cmd|' /C calc'!A0", "x\u202ey", "1234567890",
)  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    path = os.environ.get("TEST_CHROMIUM")
    if path is None:
        pytest.skip("Chromium runs in make test")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def rules_only() -> str:
    """The script as it travels, without its page, and with a door for the test."""
    source = (FOLDER / "answer.js").read_text("utf-8")
    rules = source[: source.index("// --- what waits to be sent")]
    calls = """
function tried(c) {
  A = c.kept
  P = c.p
  S.d = {}
  var items = Q.i.filter(i => i.s == c.step), mine = said(items, c.t), raw = copy(A, mine)
  var w = walk(raw, A), k = settle(raw, A), to = following(k, c.step)
  return {
    items: w.i.map(i => i.n), leaves: w.l.map(l => l.n), offered: w.o, refused: !!w.r,
    values: w.v, kept: k, next: to ? to[0] : null,
    faults: issues(raw, items.filter(i => i.l.some(l => l.n in mine)), A)
      .map(f => [f.v, f.c, !!f.h]),
  }
}
window.compare = (q, cases) => {
  use(q, {})
  return cases.map(tried)
}
}())
"""
    return tight_script(rules + calls)


@pytest.mark.parametrize("track", [1, 2])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_phone_and_server_agree(page: Page, number: int, track: int) -> None:
    chance = random.Random(SEED + 10 * number + track)
    form = questionnaire(number)
    known = [preloaded(chance, track) for _ in range(CASES)]
    audiences = audiences_of(form, known[0])
    cases = [case(chance, form, each) for each in known]
    page.evaluate(rules_only())

    said = page.evaluate(
        "([rules, cases]) => compare(rules, cases)",
        [
            json.loads(json.dumps(compact(form, audiences, language=Language.SPANISH))),
            [each["phone"] for each in cases],
        ],
    )

    different = [
        (each["phone"], answer, expected)
        for each, answer in zip(cases, said, strict=True)
        if answer != (expected := judged(form, audiences, each))
    ]
    assert different == []
    reached = {name for answer in said for name in answer["items"]}
    codes = {fault[1] for answer in said for fault in answer["faults"]}
    assert len(reached) == len(compact(form, audiences, language=Language.SPANISH)["i"])  # type: ignore[arg-type]
    assert len(codes) >= 6, codes


def preloaded(chance: random.Random, track: int) -> dict[str, object]:
    """What is known of somebody before the first question."""
    return {
        "tipo_bachillerato": track,
        "celular_previo": chance.random() < 0.5,
        "correo_previo": chance.random() < 0.5,
        "primer_empleo_conocido": chance.random() < 0.3,
        "fecha_egreso": date(2026, 7, 10),
        "hoy": date(2026, 10, 15),
    }


def case(chance: random.Random, form: Questionnaire, known: dict[str, object]) -> dict[str, object]:
    """Kept answers of somebody, and what they now send for one step."""
    known = {name: value for name, value in known.items() if name in form.preloaded_types}
    everything = fields(chance, form, form.items, answered=0.9)
    raw = {
        **known,
        **read_entry(form, {item.name for item in form.items}, joined(form, everything)),
    }
    path = walk(form, raw)
    bad = {issue.variable for issue in issues_on(path) if issue.severity is Severity.HARD}
    cut = chance.randrange(len(form.items) + 1)
    early = {leaf.name for item in form.items[:cut] for leaf in form.leaves[item.name]}
    usable = {n: v for n, v in raw.items() if n in known or (n in early and n not in bad)}
    kept = settled(form, usable, walk(form, usable))
    kept = {n: v for n, v in kept.items() if not isinstance(readable(form, n, v), Unreadable)}
    for leaf in form.variables.values():
        if leaf.type is ItemType.PHONE and isinstance(kept.get(leaf.name), str):
            kept[leaf.name] = GIVEN
    step = chance.choice(steps(form, kept))
    typed = fields(chance, form, step.items, answered=0.8)
    answers = {n: v for n, v in kept.items() if n not in known}
    return {
        "known": known,
        "answers": answers,
        "step": step.name,
        "typed": typed,
        "phone": {
            "p": {
                n: read_preloaded(found.kind, known.get(n))
                for n, found in form.preloaded_types.items()
            },
            "kept": {n: plain(readable(form, n, v)) for n, v in answers.items()},
            "step": step.name,
            "t": typed,
        },
    }


def fields(
    chance: random.Random, form: Questionnaire, items: tuple[Item, ...], *, answered: float
) -> dict[str, list[str]]:
    """A form filled in at random, sensibly or not."""
    found: dict[str, list[str]] = {}
    for item in items:
        for leaf in form.leaves[item.name]:
            for name in form_fields(leaf):
                if chance.random() < answered:
                    found[name] = values(chance, leaf, name)
        if item.catalogue == MUNICIPALITY and chance.random() < 0.5:
            found[STATE_FIELD.format(item.name)] = [chance.choice(("", "Jalisco"))]
    return {name: [clean_text(text) for text in texts] for name, texts in found.items()}


def values(chance: random.Random, leaf: Leaf, name: str) -> list[str]:
    if name.endswith(".exit"):
        return [chance.choice(("nc", "ns", "", ""))] if chance.random() < 0.3 else []
    if name.endswith(".month"):
        return [chance.choice(("", "1", "7", "12", "10", "13", "x"))]
    if name.endswith(".year"):
        return [chance.choice(("", "2026", "2025", "2027", "26", "dos mil"))]
    if leaf.choices:
        codes = [str(choice.code) for choice in leaf.choices] + ["55"] * (chance.random() < 0.05)
        many = leaf.type is ItemType.SELECT_MULTIPLE
        return (
            chance.sample(codes, chance.randint(0, min(4, len(codes))))
            if many
            else [chance.choice(codes)]
        )
    return [chance.choice((str(chance.randint(0, 100)), *TEXTS))]


def judged(form: Questionnaire, audiences: Audiences, each: Mapping[str, object]) -> object:
    """What the server says of the same case, in the shape of the phone's answer."""
    known, before, step = each["known"], each["answers"], each["step"]
    assert isinstance(known, dict)
    assert isinstance(before, dict)
    assert isinstance(each["typed"], dict)
    kept = {**known, **before}
    items = [item for item in form.items if (item.step or item.name) == step]
    entered = covered_left_out(form, items, before, joined(form, each["typed"]))
    merged = {**kept, **entered}
    path = walk(form, merged, before=kept)
    result = settled(form, merged, path)
    here = {name for name, leaf in form.variables.items() if asked(form, leaf, audiences)}
    assert all(
        result[n] is MissingCode.NOT_APPLICABLE for n in result if n not in here | set(known)
    )
    following = step_beyond(form, path, str(step)) or resume(form, result)
    changed = {form.variables[name].item for name in entered}
    return {
        "items": [item.name for item in path.items],
        "leaves": [leaf.name for leaf in path.leaves],
        "offered": {n: [choice.code for choice in path.offered[n]] for n in path.offered},
        "refused": path.refused,
        "values": {n: plain(v) for n, v in path.values.items()},
        "kept": {n: plain(v) for n, v in result.items() if n in here},
        "next": following.name if following else None,
        "faults": [fault(issue) for issue in faults(path, changed)],
    }


def faults(path: Walk, items: set[str]) -> tuple[Issue, ...]:
    """As responses.collecting judges a step, without what only the directory knows."""
    found = issues_on(path, items)
    hard = tuple(issue for issue in found if issue.severity is Severity.HARD)
    warned = {issue.item for issue in found}
    blank = tuple(issue for issue in blanks_on(path, items) if issue.item not in warned)
    place = {item.name: index for index, item in enumerate(path.items)}
    return hard or tuple(sorted((*found, *blank), key=lambda issue: place[issue.item]))


def fault(issue: Issue) -> list[object]:
    """The phone names sentences by their place."""
    hard = issue.severity is Severity.HARD
    named = issue.code in CODES and hard
    return [issue.variable, CODES.index(issue.code) if named else issue.code, hard]


def covered_left_out(
    form: Questionnaire,
    items: list[Item],
    before: Mapping[str, object],
    typed: Mapping[str, list[str]],
) -> dict[str, object]:
    """As responses.collecting leaves what an empty field does not take back."""
    entries = read_entry(form, {item.name for item in items}, typed)
    entered: dict[str, object] = {}
    ways_out = {MissingCode.REFUSED, MissingCode.DONT_KNOW}
    for item in items:
        own = {leaf.name: entries[leaf.name] for leaf in form.leaves[item.name]}
        covered = any(before.get(n) == GIVEN or before.get(n) in ways_out for n in own)
        if not (covered and all(value is None for value in own.values())):
            entered.update(own)
    return entered


def joined(form: Questionnaire, typed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Town and state as one text, as web.respondent.posted does."""
    found = dict(typed)
    for item in form.items:
        if item.catalogue == MUNICIPALITY:
            parts = (found.get(item.name, []), found.get(STATE_FIELD.format(item.name), []))
            found[item.name] = [", ".join(part[0] for part in parts if part and part[0])]
    return found


def asked(form: Questionnaire, leaf: Leaf, audiences: Audiences) -> bool:
    item = next(item for item in form.items if item.name == leaf.item)
    return all(name is None or name in audiences for name in (item.applies, leaf.applies))


def readable(form: Questionnaire, name: str, value: object) -> Answer | Unreadable:
    return read_answer(form.variables[name], value) if name in form.variables else None


def plain(value: object) -> object:
    if isinstance(value, MissingCode):
        return {"x": value.value}
    return list(value) if isinstance(value, tuple) else value
