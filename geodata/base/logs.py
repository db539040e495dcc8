"""Logs as one JSON object a line, for people with `jq` and for collectors. Nothing secret goes in: parameters of statements are hidden."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

#: What a record carries beside its message: set by `log.info(..., extra={"facts": {...}})`.
FACTS = "facts"


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object: at (UTC), level, logger, message, facts, trace."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self.service,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FACTS, {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json(service: str, level: int = logging.WARNING) -> None:
    """Send the process's log to stderr as JSON, unless somebody has set it up already."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    root.addHandler(handler)
    root.setLevel(level)
