"""``python -m patcher`` and the ``patch-model`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and exits with its code."""
    if sys.argv[1:] == ["--version"]:
        # Not worth importing a command line for.
        from patcher._version import __version__

        try:
            sys.stdout.write(f"patch-model {__version__}\n")
            sys.stdout.flush()
        except (OSError, AttributeError):
            pass  # it cannot be written, and the command line knows how to say that
        else:
            return
    import gc
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until the command line listens to it: no traceback out of the middle of an import.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Most of a short run is importing, which makes many objects and hardly any garbage.
    gc.set_threshold(50_000, 20, 20)
    from patcher.cli.main import run

    sys.exit(run(sys.argv[1:], ends_process=True))


if __name__ == "__main__":
    main()
