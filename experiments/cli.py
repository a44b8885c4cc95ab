"""`invisible-debt`: the list of commands, and what every one of them does when something goes wrong.

A command is one line of `COMMANDS`; its module is imported only when it is called, so that `--help` is fast.
Exit codes: 0, 2 for a user's mistake or a disk that takes no more (one sentence on stderr), 130 for Ctrl-C, 141 where
the reader of a pipe has gone, 1 for anything else (an error of this package may bring its own as `exit_code`).
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from abm.errors import MOST_SAID, InvisibleDebtError, printable, short
from experiments.streams import ReaderGone, streams

# name | function | what it does
COMMANDS = """
run | experiments.commands.run:run | Run the economy and write the results into a folder.
inspect | experiments.commands.inspect:inspect | Show a firm's books and promises, or the opening state.
stress | experiments.commands.stress:stress | Strike one firm and show who falls with it, and who loses.
systemic | experiments.commands.systemic:systemic | Rank firms by how much the others depend on them.
clear | experiments.commands.clear:clear | Clear a network of your own: who pays whom, and who cannot.
sweep | experiments.commands.sweep:sweep | Make all runs of a study file; go on where it was stopped.
open | experiments.commands.open:show | Show what the results of a sweep hold.
hindcast | experiments.commands.hindcast:hindcast | Run an opening of the past and score it against what happened.
match | experiments.commands.match:match | Find the worlds that agree with what is known.
risk | experiments.commands.risk:risk | Say who defaults and who loses in many worlds.
validate | experiments.commands.validate:validate | Judge the model by all the evidence there is, line by line.
forecast | experiments.commands.forecast:forecast | Write down what is expected of the years after an opening.
score | experiments.commands.forecast:score | Score a forecast against facts that came later.
signals | experiments.commands.signals:signals | Say which early signs tell a crisis, and what would bring one.
replay | experiments.commands.replay:replay | Make one run of a sweep again and compare every byte.
scenarios | experiments.commands.scenarios:scenarios | List the scenarios, or check a scenario file.
openings | experiments.commands.openings:openings | List the dates to open at, check an opening, compare two.
parameters | experiments.commands.parameters:parameters | List what can be set, with unit, range and source.
view | experiments.commands.view:view | Watch the economy in a browser, stop it, strike it, change it.
report | experiments.commands.report:report | Write the report of a study on one page.
brief | experiments.commands.brief:brief | Answer the founding document point by point, on one page.
doctor | experiments.commands.doctor:doctor | Say what is missing, stale or mismatched here.
reproduce | experiments.reproductions.command:reproduce | Reproduce published results.
"""
LISTED: dict[str, tuple[str, str]] = {
    name: (function, text) for name, function, text in (line.split(" | ") for line in COMMANDS.strip().splitlines())
}
STOPPED = 130  # exit code after Ctrl-C
# Typer's public BadParameter is a UsageError, and that a ClickException, the base of every wrong call.
CallError: type[Exception] = typer.BadParameter.__mro__[2]


class Commands(TyperGroup):
    """The commands of `COMMANDS`, each imported when it is resolved, and one sentence for every mistake."""

    def __init__(self, **attributes: Any) -> None:
        known = {name: TyperCommand(name, help=text) for name, (_, text) in LISTED.items()}
        super().__init__(**{**attributes, "commands": known})

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        """The command of the first argument, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and name is not None:
            module, _, function = LISTED[name][0].partition(":")
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(name)(getattr(import_module(module), function))
            command = typer.main.get_command(single)
        return name, command, rest

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and leave with its exit code."""
        kwargs["standalone_mode"] = False
        with streams(), cleared_up():
            code = self._code(*args, **kwargs)
        sys.exit(code)

    def _code(self, *args: Any, **kwargs: Any) -> int:
        """Run a command; what went wrong, in a sentence on standard error, and the exit code."""
        try:
            code = super().main(*args, **kwargs)
            sys.stdout.flush()
        except ReaderGone as gone:
            return gone.exit_code
        except CallError as error:
            return _say(f"error: {_wrong_call(error)}", 2)
        except InvisibleDebtError as error:
            code = getattr(error, "exit_code", 2)
            return _say(str(error) if code == STOPPED else f"error: {error}", code)
        except OSError as error:  # a folder that cannot be looked into, a disk that is gone
            where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
            return _say(f"error: {where}{error.strerror or error}", 2)
        except KeyboardInterrupt:
            code = STOPPED
        if code == STOPPED:
            return _say("stopped: nothing was written", STOPPED)
        return code if isinstance(code, int) else 0


@contextmanager
def cleared_up() -> Iterator[None]:
    """Let a call to end (SIGTERM) clear up as Ctrl-C does, unless whoever called us has settled what it does."""
    usual = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not usual:
        yield
        return

    def ended(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, ended)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _wrong_call(error: Exception) -> str:
    """What is wrong with a call, with arguments as the help calls them; where Typer hands on a sentence of pydantic's,
    our own."""
    of_pydantic = getattr(error.__cause__, "errors", None)
    option: Any = getattr(error, "param", None)
    negative = str(getattr(error, "option_name", ""))
    if re.fullmatch(r"-[0-9.]+", negative):  # a number below 0 reads as an option
        known = getattr(getattr(error, "ctx", None), "command", None)
        for argument in getattr(known, "params", ()):
            if argument.param_type_name == "argument" and argument.min is not None:
                return f"{argument.metavar} must be {argument.min} or more, not {negative}"
    if of_pydantic is None or option is None:
        said = str(error.format_message())  # type: ignore[attr-defined]
        return said if option is None else said.replace(f"'{option.name}'", f"'{_called(option)}'", 1)
    from abm.inputs.toml_lines import own_words

    details = of_pydantic()[0]
    number = re.fullmatch(r"[+-]?[0-9]{1,30}", str(details["input"]))
    given = int(details["input"]) if number else details["input"]
    said = own_words({**details, "input": given}, "it")
    return f"Invalid value for '{_called(option)}': {said}"


def _called(option: Any) -> str:
    """What the help calls an option or an argument."""
    if option.param_type_name == "argument":
        return str(option.metavar or option.name)
    return str(option.opts[0])


def _say(sentence: str, code: int) -> int:
    """Say a sentence on standard error, with what would act on a screen written out; gives the code back."""
    print(short(printable(sentence, keep=""), MOST_SAID), file=sys.stderr)
    return code


main = typer.Typer(
    cls=Commands,
    name="invisible-debt",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: the coloured one takes twice the time of all the rest
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"invisible-debt {version('invisible-debt')}")
        raise typer.Exit


@main.callback()
def invisible_debt(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Simulate how AI infrastructure is financed, and how it fails."""
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())
