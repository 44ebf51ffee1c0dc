"""A line of progress on a terminal: how many of how many, how fast, how much longer."""

from __future__ import annotations

from typing import IO


class Bar:
    """A line that is redrawn as work goes on; other output goes above it."""

    def __init__(self, stream: IO[str], title: str, total: int, *, has_colour: bool) -> None:
        """Draws it, until ``close``."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        console = Console(file=stream, no_color=not has_colour, highlight=False, markup=False)
        self._progress = Progress(
            "{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            "{task.fields[rate]:.1f}/s",
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task(title, total=total, rate=0.0)
        self._progress.start()

    def done(self, count: int) -> None:
        """Shows how many are done."""
        self._progress.update(self._task, completed=count)
        (task,) = self._progress.tasks
        self._progress.update(self._task, rate=task.speed or 0.0)

    def above(self, text: str) -> None:
        """Prints text, which may hold ANSI colours of ours, above the line."""
        from rich.text import Text

        self._progress.console.print(Text.from_ansi(text), end="", soft_wrap=True)

    def close(self) -> None:
        """Removes the line."""
        self._progress.stop()
