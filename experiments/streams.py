"""Standard output and standard error while a command runs: what cannot be written is one sentence, or a quiet end."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from abm.errors import InvisibleDebtError

CUT_OFF = 141  # exit code where the reader of a pipe has gone, as of a program that ends by SIGPIPE


class OutputLost(InvisibleDebtError):  # noqa: N818 - reads as a sentence where it is raised
    """Standard output takes nothing more; `exit_code` is `CUT_OFF` where its reader has gone, else 2."""

    exit_code = 2


class ReaderGone(OutputLost):
    """The reader of the pipe has gone: nothing is left to say."""

    exit_code = CUT_OFF


class Output:
    """A stream that raises `OutputLost` where it cannot be written.

    Parameters
    ----------
    stream : TextIO or None
        Standard output; None where it is closed.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream
        self.lost = OutputLost("cannot write to standard output: it is closed") if stream is None else None
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a screen that lacks a letter shows its number

    def write(self, text: str) -> int:
        """Write a text."""
        if not isinstance(text, str):
            raise TypeError(f"text is written here, not {type(text).__name__}")
        if text:
            self._try("write", text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        if self.stream is not None:
            self._try("flush")

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.stream is not None and self.stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def _try(self, method: str, *given: str) -> None:
        """Do it unless an earlier attempt has failed: whoever swallowed that one hears of it again."""
        try:
            if self.lost is None:
                getattr(self.stream, method)(*given)
        except BrokenPipeError:
            self.lost = ReaderGone("the reader of standard output has gone")
        except OSError as error:
            self.lost = OutputLost(f"cannot write to standard output: {error.strerror or error}")
        if self.lost is not None:
            forget(self.stream)
            raise self.lost


class Remarks(Output):
    """A stream for remarks, which are dropped where they cannot be written: no result depends on them."""

    def write(self, text: str) -> int:
        """Write a text."""
        with suppress(OutputLost):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        with suppress(OutputLost):
            super().flush()


def forget(stream: TextIO | None) -> None:
    """Let what a stream still holds go nowhere, so that Python's last attempt to write it cannot fail."""
    if stream is None:
        return
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def streams() -> Iterator[None]:
    """Standard output and standard error as `Output` and `Remarks`."""
    for number in range(3):  # a closed one would be taken by the next file that is opened
        try:
            os.fstat(number)
        except OSError as error:
            if error.errno == errno.EBADF:
                os.open(os.devnull, os.O_RDWR)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Output(sys.stdout), Remarks(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
