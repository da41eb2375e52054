"""How a command speaks: tables or JSON on stdout, refusals on stderr."""

import json
import sys
from collections.abc import Mapping, Sequence


def show_json(document: Mapping[str, object] | Sequence[object]) -> None:
    """One JSON document on stdout; dates as ISO 8601."""
    print(json.dumps(document, ensure_ascii=False, default=str, indent=2))


def refuse(sentence: str) -> None:
    """One clear Spanish line on stderr."""
    print(" ".join(sentence.split()), file=sys.stderr)
