"""Where the program's own log goes on the command line: sentences to the person, traces to a file.

Nobody who runs a command is shown a stack of frames; whoever mends a defect finds it in the file,
which holds no variable's value and so no token.
"""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path

QUIET = ("httpx", "httpcore", "keyring")
TOLD = "told"
log = logging.getLogger(__name__)


class _Sentence(logging.Formatter):
    """A record without its trace."""

    def formatException(self, ei: object) -> str:
        return ""

    def format(self, record: logging.LogRecord) -> str:
        trace, record.exc_text = record.exc_text, None
        try:
            return super().format(record).strip()
        finally:
            record.exc_text = trace


def prepare(file: Path | None) -> None:
    """Warnings to standard error, one line each; defects with their traces to `file`.

    What a stream cannot spell is replaced, as no letter is worth a deployment.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    logging.raiseExceptions = False  # a log that cannot be written is no reason for a trace either
    spoken = logging.StreamHandler(sys.stderr)
    spoken.setFormatter(_Sentence("pilothouse: %(message)s"))
    spoken.addFilter(lambda record: not hasattr(record, TOLD))
    handlers: list[logging.Handler] = [spoken]
    if file is not None:
        written = logging.FileHandler(file, encoding="utf-8", delay=True)
        written.setLevel(logging.ERROR)
        written.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
        handlers.append(written)
    logging.basicConfig(level=logging.WARNING, handlers=handlers)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)


def note(error: BaseException) -> None:
    """Write a defect that the person was told of into the file."""
    log.error("Nobody caught this.", exc_info=error, extra={TOLD: True})
