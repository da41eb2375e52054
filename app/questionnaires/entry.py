"""What a submitted form says → answers of one step, as plain data for flow and validation.

Every variable of the step gets an entry: a radio nobody marked is a blank, not an absence.
Nothing is refused here; what cannot be an answer stays as typed, so that it can be shown again.
"""

from collections.abc import Iterable, Mapping, Sequence

from app.questionnaires.answers import EXITS, LONGEST_RAW, Answer, MissingCode
from app.questionnaires.expressions.types import Kind
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Exit, ItemType
from app.questionnaires.leaves import Leaf

# Names of form fields beside the variable's own.
EXIT_FIELD = "{}.exit"  # a button or radio: "nc" or "ns"
MONTH_FIELD = "{}.month"  # "1" to "12"
YEAR_FIELD = "{}.year"

_SPACING = str.maketrans("", "", " \t\u00a0-.()")


def read_entry(
    questionnaire: Questionnaire, items: Iterable[str], form: Mapping[str, Sequence[str]]
) -> dict[str, object]:
    """The answers of the items of a step; fields that are not theirs are ignored."""
    return {
        leaf.name: _entry(leaf, form)
        for name in items
        for leaf in questionnaire.leaves.get(name, ())
    }


def fields_of(leaf: Leaf, answer: Answer) -> dict[str, list[str]]:
    """The form fields that would give this answer; none for what is blank or does not apply."""
    if isinstance(answer, MissingCode):
        ways = [way_out.value for way_out, code in EXITS.items() if code is answer]
        return {EXIT_FIELD.format(leaf.name): ways} if ways else {}
    if answer is None:
        return {}
    if isinstance(answer, tuple):
        return {leaf.name: [str(code) for code in answer]}
    if leaf.kind is Kind.MONTH:
        year, _, month = str(answer).partition("-")
        return {
            MONTH_FIELD.format(leaf.name): [month.lstrip("0")],
            YEAR_FIELD.format(leaf.name): [year],
        }
    return {leaf.name: [str(answer)]}


def form_fields(leaf: Leaf) -> tuple[str, ...]:
    """Every form field an answer to `leaf` may use."""
    fields = [leaf.name]
    if leaf.exits:
        fields.append(EXIT_FIELD.format(leaf.name))
    if leaf.kind is Kind.MONTH:
        fields += [MONTH_FIELD.format(leaf.name), YEAR_FIELD.format(leaf.name)]
    return tuple(fields)


def _entry(leaf: Leaf, form: Mapping[str, Sequence[str]]) -> object:
    way_out = _exit(leaf, form)
    if way_out is not None:
        return way_out
    texts = [text for text in form.get(leaf.name, ()) if text.strip()]
    if leaf.kind is Kind.MULTIPLE:
        return tuple(texts) or None
    if leaf.kind is Kind.MONTH and not texts:
        return _month(leaf, form)
    if not texts:
        return None
    text = texts[0]
    if leaf.type is ItemType.PHONE and len(text) <= LONGEST_RAW:
        return text.translate(_SPACING)
    return text


def _exit(leaf: Leaf, form: Mapping[str, Sequence[str]]) -> MissingCode | None:
    """The button pressed: an act of its own, so it wins over what was typed before."""
    if not leaf.exits:
        return None
    chosen = form.get(EXIT_FIELD.format(leaf.name), ())
    offered = {way_out.value: way_out for way_out in leaf.exits}
    picked: Exit | None = next((offered[text] for text in chosen if text in offered), None)
    return None if picked is None else EXITS[picked]


def _month(leaf: Leaf, form: Mapping[str, Sequence[str]]) -> str | None:
    """`2026-07` from two lists; half an answer stays visible as something unfinished."""
    month = "".join(form.get(MONTH_FIELD.format(leaf.name), ())[:1]).strip()
    year = "".join(form.get(YEAR_FIELD.format(leaf.name), ())[:1]).strip()
    if not month and not year:
        return None
    return f"{year or '?'}-{month.zfill(2) if month else '?'}"
