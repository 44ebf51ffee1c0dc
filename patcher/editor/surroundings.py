"""What an edit needs of the world: the resource behind its API, the editor, and the person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from patcher.editor.program import Program
from patcher.errors import ConflictError
from patcher.plan import PatchResult, Plan
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

Answer: TypeAlias = Literal["apply", "edit", "stop"]
"""What a person says to a diff."""


class Surroundings(NamedTuple):
    """What an edit needs of the world.

    Attributes:
        resource: what kind of resource is edited.
        url: the API's address.
        theirs: what a conflict found of somebody else's, or what is there now.
        write: the guarded write of a plan.
        program: finds the editor; called when it is first needed.
        ask: shows a plan and asks about it.
        tell: says a sentence to the person.
        attended: whether ``ask`` asks somebody; else there is nobody to edit a second time.
        rebases: whether a plan may be put upon somebody else's write without being asked about.
    """

    resource: Resource
    url: str
    theirs: Callable[[Plan, ConflictError], Snapshot]
    write: Callable[[Plan], PatchResult]
    program: Callable[[], Program]
    ask: Callable[[Plan], Answer]
    tell: Callable[[str], None]
    attended: bool = True
    rebases: bool = False
