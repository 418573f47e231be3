"""`tracer`, and `python -m tracer`: where a run begins, and where a failure becomes one message and an exit code.

Exit codes: 0 done, 1 a check failed, 2 the user's input was wrong, 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracer.errors import TracerError

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` puts the current folder first: a numpy.py that lies there is not ours to import
    sys.path[:] = [folder for folder in sys.path if folder not in ("", os.getcwd())]


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (the process's own by default); the exit code."""
    try:
        code = _guarded(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        from tracer.cli.terminal import silence_stdout

        silence_stdout()
        code = 130
    ending = sys.modules.get("tracer.cli.ending")  # not loaded: no program was run
    return code if ending is None else ending.take_exit_code() or code


def _guarded(arguments: list[str]) -> int:
    """Run, and turn what the user can act on into a message."""
    from tracer.cli.terminal import prepare_streams, say, silence_stdout
    from tracer.errors import TracerError

    prepare_streams()
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except TracerError as error:
        say(_told(error, arguments))
        return error.exit_code
    except BrokenPipeError:  # `tracer list | head -1`: the reader has what it wanted
        silence_stdout()
        return 0
    except OSError as error:
        if error.filename is not None:
            raise
        silence_stdout()  # or Python tries once more at exit, and complains
        say(f"standard output cannot be written: {(error.strerror or str(error)).lower()}.")
        return 2


def _told(error: TracerError, arguments: list[str]) -> str:
    """The message in the language chosen; a command it offers to type is the one that was typed."""
    from tracer.cli.terminal import choose_lang

    wanted = None
    for word, after in zip(arguments, [*arguments[1:], ""], strict=True):
        if word.startswith("--lang"):
            wanted = word.partition("=")[2] or after
    words = error.told(choose_lang(wanted))
    typed = next((word for word in arguments if word in ("steps", "check", "record", "export")), "open")
    return words.replace("tracer open ", f"tracer {typed}{' -o FILE' if typed == 'export' else ''} ")


def _run(arguments: list[str]) -> int:
    from tracer.cli.terminal import interactive

    if not arguments and "_TRACER_COMPLETE" not in os.environ and interactive():
        from tracer.tui.start import run_app  # straight to the app: no command line to parse

        return run_app()
    if arguments == ["--version"]:
        from tracer import __version__

        print(f"gradient-tracer {__version__}")
        return 0
    if _plainly_opens(arguments) and "_TRACER_COMPLETE" not in os.environ:
        from tracer.cli.walking import walk

        return walk(arguments[1], arguments[2:])
    from tracer.cli.commands import run

    return run(arguments)


def _plainly_opens(arguments: list[str]) -> bool:
    """Whether it is `open THING [NAME=NUMBER]...`, no option: that needs no parser, whose imports take a while."""
    return arguments[:1] == ["open"] and len(arguments) > 1 and not any(word[:1] == "-" for word in arguments)


if __name__ == "__main__":
    sys.exit(main())
