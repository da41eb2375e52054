"""How the log is written: lines for a person, or one JSON document a line for a program."""

import json
import logging
from datetime import UTC, datetime

PLAIN = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """One document a record, whatever its text holds; of a request, its parts beside it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, in one line."""
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "text": record.getMessage(),
        }
        request = getattr(record, "request", None)
        if request is not None:
            told["request"] = request
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


def log_config(*, json_lines: bool) -> dict[str, object]:
    """Logging to stderr, for `logging.config.dictConfig`."""
    line: dict[str, object] = {"()": JsonLines} if json_lines else {"format": PLAIN}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {"uvicorn.access": {"level": "CRITICAL"}},
    }
