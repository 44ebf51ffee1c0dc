"""The file of a model: a comment that names the model, and its writable document as YAML."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from patcher.disk import write_whole
from patcher.documents import jsontext, yamltext
from patcher.documents.values import UUID, Document, Tokens
from patcher.documents.wording import first_few
from patcher.documents.yamlediting import edited, leading_comments
from patcher.errors import ConflictError, InvalidInputError, InvalidPatchError, PatchError

_HEADER: Final = re.compile(
    rf"# patch-model: (\w+) ({UUID.pattern}) at (\S+?)(?: organization (\S+))?\s*"
)
_MARKER: Final = re.compile(rb"^(?:<{7}|\|{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)
_LOOKS_LIKE_ONE: Final = re.compile(rb"^connection_id\s*:", re.MULTILINE)
_ENDINGS: Final = (".yaml", ".yml")
_FIRST_BYTES: Final = 4096
"""The comment that names the model is among so many first bytes of a file."""
_BOM: Final = b"\xef\xbb\xbf"
# Names that Windows keeps for devices, whatever comes after the dot.
_RESERVED: Final = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")


class Header(NamedTuple):
    """What the first comment of a file says: which resource it is of, and where."""

    noun: str
    id: str
    url: str
    organization: str | None = None

    def __str__(self) -> str:
        at = f"# patch-model: {self.noun} {self.id} at {self.url}"
        return f"{at} organization {self.organization}" if self.organization else at

    @classmethod
    def of(cls, content: bytes) -> Header | None:
        """The header among the first comments of a file, or None."""
        text = content[:_FIRST_BYTES].decode("utf-8", "replace").lstrip("\ufeff")
        found = (_HEADER.fullmatch(line) for line in leading_comments(text))
        return next((cls(one[1], one[2].lower(), one[3], one[4]) for one in found if one), None)


@dataclass(frozen=True)
class ModelFile:
    """A file as it was read.

    Attributes:
        path: where it is, as it was named.
        content: its bytes.
        header: which model it is of.
        text: the text without a byte order mark, its lines ended by a line feed.
    """

    path: Path
    content: bytes
    header: Header
    text: str

    @property
    def id(self) -> str:
        """The id of its model, in lower case."""
        return self.header.id

    @classmethod
    def of(cls, path: Path, content: bytes) -> ModelFile:
        """The file with this content. Raises InvalidInputError for one that is of no model."""
        if not content.strip():
            raise InvalidInputError(f"{path} is empty.", hint=_PULL_AGAIN)
        marker = _MARKER.search(content)
        if marker:
            line = content.count(b"\n", 0, marker.start()) + 1
            raise InvalidInputError(
                f"{path}:{line}: there is a conflict marker of git here.",
                hint="Resolve the merge conflict in the file, then run the command again.",
            )
        text = jsontext.decoded(content, what=str(path)).replace("\r\n", "\n")
        header = Header.of(content)
        if header is None:
            raise InvalidInputError(
                f"{path} does not name its model.",
                hint="The first comment of a file names its model, as patch-model pull writes it.",
            )
        return cls(path, content, header, text)

    def document(self) -> Document:
        """The document. Raises InvalidPatchError, with the line, for what is no document."""
        value = yamltext.parse(self.text, what=str(self.path))
        if type(value) is not dict:
            raise InvalidPatchError(f"{self.path} is not an object with the keys of a model.")
        return value

    def located(self, error: PatchError) -> PatchError:
        """``error``, whose message now begins with the file, and the line where it has one."""
        paths = getattr(error, "paths", None) or [getattr(error, "path", None)]
        line = yamltext.line_of(paths[0], self.text)
        if not error.message.startswith(str(self.path)):
            error.message = f"{self.path}{f':{line}' if line else ''}: {error.message}"
        return error

    def changed(self, old: Document, new: Document) -> bytes:
        """The content that says ``new`` where it says ``old``, with its own line endings."""
        text = edited(self.text, old, new)
        if self.content.count(b"\r\n") * 2 > self.content.count(b"\n"):
            text = text.replace("\n", "\r\n")
        return (_BOM if self.content.startswith(_BOM) else b"") + text.encode()

    def write(self, content: bytes) -> None:
        """Replaces the file, whole or not at all. Raises ConflictError where it has changed."""
        path = Path(os.path.realpath(self.path))
        try:
            if path.read_bytes() != self.content:
                raise ConflictError(
                    f"{self.path} was changed while it was pulled, and was left alone.",
                    hint="Run the command again.",
                )
            mode = path.stat().st_mode & 0o777
            write_whole(path, content, mode=mode)
        except OSError as error:
            raise unwritable(self.path, error) from error


@dataclass(frozen=True)
class Unusable:
    """A file that cannot be used: why, and the model's id where known."""

    path: Path
    error: PatchError
    id: str | None = None


Located: TypeAlias = "ModelFile | Unusable"

_PULL_AGAIN: Final = "Delete the file and pull its model again, or restore it: git checkout FILE"


def unwritable(path: Path, error: OSError) -> InvalidInputError:
    """The error for a file that cannot be put on disk; it is as it was."""
    return InvalidInputError(
        f"{path} cannot be written: {error.strerror}.",
        hint=f"Check the permissions and the free space of {path.parent}, then run the command "
        "again.",
    )


def _unreadable(path: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(
        f"{path} cannot be read: {error.strerror}.", hint="Check the path and its permissions."
    )


def read_files(paths: Iterable[Path]) -> list[Located]:
    """The files of models among ``paths``, folders and all that is in them, each once.

    A file that is no model's is passed over in a folder and refused where it is named. Of two
    files of one model neither is used. Raises InvalidInputError for a path that is not there.
    """
    found: dict[str, Located] = {}
    for path in paths:
        try:
            path.lstat()
        except OSError as error:
            raise _unreadable(path, error) from error
        is_folder = os.path.isdir(path)  # noqa: PTH112 - False where it cannot be known
        for one in _below(path) if is_folder else [path]:
            folder = path if is_folder else path.parent
            located = _read(one, folder, is_named=not is_folder) if isinstance(one, Path) else one
            if located is not None:
                found.setdefault(os.path.realpath(located.path), located)
    by_id: dict[str, list[Path]] = {}
    for file in found.values():
        if isinstance(file, ModelFile):
            by_id.setdefault(file.id, []).append(file.path)
    return [_alone(file, by_id) for file in found.values()]


def _alone(located: Located, by_id: Mapping[str, list[Path]]) -> Located:
    if isinstance(located, Unusable) or len(by_id[located.id]) == 1:
        return located
    others = first_few([str(one) for one in by_id[located.id] if one != located.path], 3)
    error = InvalidInputError(
        f"{located.path} is of the same model as {others} ({located.id}).",
        hint="Keep one file per model; delete the others.",
    )
    return Unusable(located.path, error, located.id)


def _below(folder: Path) -> Iterator[Path | Unusable]:
    """The YAML files in a folder, and links to folders, in order; hidden ones are left out.

    A folder that cannot be read is Unusable: what is in it is neither deleted nor new.
    """
    errors: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if Path(root, name).is_symlink()]
        for name in sorted((*names, *links)):
            if name in links or (name.lower().endswith(_ENDINGS) and not name.startswith(".")):
                yield Path(root, name)
    for error in errors:
        path = Path(error.filename)
        yield Unusable(path, _unreadable(path, error))


def _read(path: Path, folder: Path, *, is_named: bool) -> Located | None:
    """The model file at ``path`` below ``folder``; None where it names no model."""
    header = None
    try:
        if path.is_symlink():
            if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
                raise InvalidInputError(
                    f"{path} is a link to something outside of {folder}.",
                    hint="Replace the link with the file.",
                )
            if not is_named:
                return None  # its target is found on its own
        if not path.is_file():
            raise InvalidInputError(f"{path} is not a regular file.")
        content = path.read_bytes()
        header = Header.of(content)
        looks_like_one = _LOOKS_LIKE_ONE.search(content) or not content.strip()
        if header is None and not is_named and not looks_like_one:
            return None
        return ModelFile.of(path, content)
    except OSError as error:
        return Unusable(path, _unreadable(path, error))
    except PatchError as error:
        return Unusable(path, error, header and header.id)


class NewFile(NamedTuple):
    """A file to create: its model and its content."""

    header: Header
    name: str | None
    content: bytes

    @classmethod
    def of(
        cls, header: Header, name: str | None, document: Document, notes: Mapping[Tokens, str]
    ) -> NewFile:
        """The file of a document, with a note above each of some places."""
        comments = ((place, [f"# {note}"]) for place, note in notes.items())
        body = yamltext.annotated(yamltext.dump(document), comments)
        return cls(header, name, f"{header}\n{body}".encode())

    @property
    def slug(self) -> str:
        """A file name: the name in letters and digits that every file system accepts."""
        return re.sub(r"[^a-z0-9]+", "-", (self.name or "").lower()).strip("-")[:60].strip("-")


def create(
    folder: Path, files: Iterable[NewFile], used: Iterable[Path]
) -> Iterator[tuple[NewFile, Path, PatchError | None]]:
    """Makes the files; yields the path of each, and why it could not be made.

    Names are unique without regard to case: those of which two would have the same name, or one
    that is ``used``, have a part of their id in it.
    """
    files = sorted(files, key=lambda one: (one.slug, one.header.id))
    slugs = Counter(one.slug for one in files)
    known = {path.name.lower() for path in (*used, *folder.glob("*"))}
    for one in files:
        stem, full = one.slug or one.header.noun, one.header.id
        is_free = one.slug and slugs[one.slug] == 1 and not _RESERVED.fullmatch(one.slug)
        names = [f"{stem}.yaml", f"{stem}-{full[:8]}.yaml", f"{stem}-{full}.yaml"]
        names = names if is_free else names[1:]
        path = folder / next((name for name in names if name not in known), names[-1])
        known.add(path.name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, one.content, mode=0o666 & ~_umask())
        except OSError as error:
            yield one, path, unwritable(path, error)
        else:
            yield one, path, None


def _umask() -> int:
    """The process's umask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
