"""`make bench PART=name`: run one measurement, or all; write var/bench/NAME.json.

A part is a module of this folder with `run() -> dict`. Figures are ratios measured in one
run, or sizes; read times as an order, never as a promise.
"""

import importlib
import json
import pkgutil
import sys
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path("var/bench")


def main(chosen: str) -> int:
    """Run the chosen part; "all" runs every one. Exit 2 for a name we do not have."""
    parts = [found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)])]
    parts = [name for name in parts if not name.startswith("_")]
    wanted = parts if chosen == "all" else [chosen]
    if not set(wanted) <= set(parts):
        print(f"PART puede ser: all, {', '.join(parts)}", file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        module = importlib.import_module(f"tests.bench.{name}")
        if not hasattr(module, "run"):
            continue
        print(f"== {name}")
        figures = {"at": datetime.now(UTC).isoformat(), **module.run()}
        print(json.dumps(figures, indent=2, default=str))
        (FOLDER / f"{name}.json").write_text(json.dumps(figures, indent=2, default=str), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
