"""Text of a questionnaire → a checked Questionnaire, or everything wrong with it.

Reads text only; library.py opens files.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.questionnaires.checks import findings
from app.questionnaires.format import Questionnaire
from app.questionnaires.items import Choice, FieldPart, Item, Label, Page, Preloaded, Row, Warn
from app.questionnaires.located import Document, FileError, Plain, load
from app.questionnaires.problems import Finding, Path, Problem, Problems

_KEYS = sorted(
    {
        key
        for part in (Questionnaire, Page, Item, Choice, Row, FieldPart, Label, Preloaded, Warn)
        for key in part.model_fields
    }
)


def read(text: str, file: str = "cuestionario.yaml") -> Questionnaire | Problems:
    """The questionnaire in `text`, or its problems in the order of the file.

    `file` is only a name for the problems. One self-contained text: lists and all.
    """
    try:
        document = load(text)
    except FileError as error:
        place = error.place
        item = _item_above(text, place.line)
        return (Problem(file, place.line, item, place.column, error.code, error.message),)
    try:
        questionnaire = Questionnaire.model_validate(document.data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True, include_input=True)
        return _located(_shape_findings(details), document, file)
    return _located(findings(questionnaire), document, file) or questionnaire


def _located(
    found: Iterator[Finding] | tuple[Finding, ...], document: Document, file: str
) -> Problems:
    problems = {
        Problem(
            file=file,
            line=(place := document.place(finding.path)).line,
            item=_item(document.data, finding.path),
            column=place.column + (finding.offset if place.exact else 0),
            code=finding.code,
            message=finding.message,
        )
        for finding in found
    }
    return tuple(sorted(problems))


def _item(data: Plain, path: Path) -> str:
    """The name of the item `path` leads into, or the part of the file."""
    name = str(path[0]) if path else ""
    here = data
    for step in path:
        if isinstance(here, dict) and isinstance(step, str):
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        if isinstance(here, dict) and "type" in here and isinstance(here.get("name"), str):
            name = str(here["name"])
    return name


def _item_above(text: str, line: int) -> str:
    """The last `- name:` at or above a line of a text that could not be read as data."""
    names = [found[1] for above in text.splitlines()[:line] if (found := _ITEM_NAME.match(above))]
    return names[-1] if names else ""


_ITEM_NAME = re.compile(r"\s*- name: *([\w]+)\s*$")


def _shape_findings(details: list[ErrorDetails]) -> Iterator[Finding]:
    seen: set[Path] = set()
    for detail in details:
        # The forms a union may take appear in the path; they are no keys of the file.
        path = tuple(step for step in detail["loc"] if step not in _FORMS)
        if path not in seen:
            seen.add(path)
            yield _shape_finding(path, detail)


_FORMS = frozenset({"named", "listed", "number", "condition", "int", "str"})


def _shape_finding(path: Path, detail: ErrorDetails) -> Finding:
    context = detail.get("ctx", {})
    key = path[-1] if path else ""
    match detail["type"]:
        case "expression":
            return Finding(path, context["code"], context["message"], context["column"] - 1)
        case "expression.type":
            return Finding(path, detail["type"], detail["msg"])
        case "model_type" if not path:
            message = "El archivo debe empezar con claves, como questionnaire: 1."
            return Finding(path, "file.form", message)
        case "missing":
            return Finding(path[:-1], "key.missing", f"Falta la clave «{key}». Agréguela.")
        case "extra_forbidden":
            close = get_close_matches(str(key), _KEYS, n=1)
            advice = f"¿Quiso decir «{close[0]}»?" if close else "Quítela."
            return Finding(path, "key.unknown", f"La clave «{key}» no se usa aquí. {advice}")
        case kind:
            fault = "version_form" if key == "version" else kind
            return Finding(path, "value.form", f"«{key}»: {_advice(fault, context)}")


def _advice(kind: str, context: dict[str, object]) -> str:
    if kind in {"enum", "literal_error"}:
        expected = str(context.get("expected")).replace(" or ", " o ")
        return f"ese valor no existe. Use uno de: {expected}."
    return _ADVICE.get(kind, "el valor no es válido.")


# What to write instead, by pydantic's name of the fault.
_LIST = "escriba una lista, con un guion por elemento."
_MAPPING = "escriba claves y valores, como es: … y en: …."
_LENGTH = "el texto está vacío o es demasiado largo."
_RANGE = "el número está fuera de lo posible."
_ADVICE = {
    "string_type": "escriba un texto; una palabra como No o un número van entre comillas.",
    "int_type": "escriba un número entero, sin comillas.",
    "bool_type": "escriba true o false.",
    "string_pattern_mismatch": "use minúsculas sin acentos, cifras y guion bajo: horas_semana.",
    "version_form": 'escriba la versión entre comillas, como "1.0".',
    "string_too_short": _LENGTH,
    "string_too_long": _LENGTH,
    "greater_than_equal": _RANGE,
    "less_than_equal": _RANGE,
    "tuple_type": _LIST,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
}
