import json
import logging

from app.cli.logs import JsonLines


def record(text: str, *words: object, **more: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "trayecto.access", "levelname": "INFO", "msg": text})
    made.args = words
    made.__dict__.update(more)
    return made


def test_a_line_is_one_document_whatever_it_says() -> None:
    line = JsonLines().format(record('said "%s"\nand more', 'a "b" \\ ñ'))

    assert "\n" not in line
    assert json.loads(line)["text"] == 'said "a "b" \\ ñ"\nand more'


def test_the_parts_of_a_request_are_told_apart() -> None:
    parts = {"method": "GET", "route": "/e/{token}", "status": 200, "ms": 1.5}

    told = json.loads(JsonLines().format(record("GET", request=parts)))

    assert told["request"] == parts
    assert (told["logger"], told["level"]) == ("trayecto.access", "INFO")


def test_a_trace_stays_in_its_line() -> None:
    error = RuntimeError("broken")

    line = JsonLines().format(record("crash", exc_info=(RuntimeError, error, None)))

    assert "\n" not in line
    assert "RuntimeError: broken" in json.loads(line)["trace"]
