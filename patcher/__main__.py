"""``python -m patcher`` and the ``patch-model`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and exits with its code."""
    if sys.argv[1:] == ["--version"]:
        # Not worth importing a command line for.
        from patcher._version import __version__

        sys.stdout.write(f"patch-model {__version__}\n")
        return
    import gc

    # Most of a short run is importing, which makes many objects and hardly any garbage.
    gc.set_threshold(50_000, 20, 20)
    from patcher.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
