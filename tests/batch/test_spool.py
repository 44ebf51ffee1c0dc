"""Plans on disk: they come back as they went, and nobody else can read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given

from patcher.batch.spool import Spool
from patcher.documents.masks import Masks
from patcher.documents.patches import Patch, Renamed
from patcher.documents.values import strictly_equal
from patcher.documents.wording import Notice
from patcher.errors import InvalidPatchError, JournalError
from patcher.plan import Origin, Terms, propose
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.plan.planning import make_plan
from tests.promises.models import Case, cases

MASKS = Masks(MODEL.shape.opaque)


def raw(document: dict[str, object]) -> dict[str, object]:
    """A response that shows a document."""
    fields = [{"name": name, "user_added": False} for name in document.get("fields", ())]  # type: ignore[attr-defined]
    added = [{**one, "user_added": True} for one in document.get("additional_fields", ())]  # type: ignore[attr-defined]
    rest = {key: value for key, value in document.items() if key != "additional_fields"}
    return {"id": "x", "version": 1, **rest, "fields": fields + added}


@given(cases())
def test_a_plan_comes_back_as_it_went(case: Case) -> None:
    """Whatever is in it, to the type: what is written is the very plan that was shown."""
    origin = Origin("https://x", "org", undoes="@0", run="run-0")
    base = Snapshot(raw(case.document), '"etag"')
    try:
        plan = make_plan(MODEL, base, Patch.of(case.change), masks=MASKS, origin=origin)
    except InvalidPatchError:
        return
    with Spool(Path(os.environ["PATCH_MODEL_STATE_DIR"]), MODEL, MASKS) as spool:
        spool.keep(plan)  # there is something before it in the file
        found = spool.plan(spool.keep(plan))

    assert strictly_equal(found.base.raw, plan.base.raw)
    assert strictly_equal(found.document, plan.document)
    assert strictly_equal(found.proposed, plan.proposed)
    assert found.changes == plan.changes
    assert (found.base.etag, found.terms) == (plan.base.etag, plan.terms)
    assert (found.cleared, found.carried) == (plan.cleared, plan.carried)
    assert found.warnings == plan.warnings


def test_all_that_goes_with_a_plan_comes_back() -> None:
    """No field of a plan's terms is left at its default here, and each comes back with its type."""
    origin = Origin("https://x", "org", "plan-0", "@0", "run-0")
    notice = Notice("rebased", "/name", "Someone wrote in between.")
    terms = Terms(
        MASKS,
        "carry",
        True,
        frozenset({"name"}),
        (("a", "b"),),
        (notice,),
        frozenset({"x"}),
        origin,
        (Renamed(("fields",), "a", "b"),),
        strict=True,
        undone={"name": "n"},
        named=(("a", "0"),),
        explained=False,
    )
    base = Snapshot(raw({"name": "n", "fields": ["a"]}), '"etag"', b"text")
    plan = propose(MODEL, base, {"name": "m", "fields": ["a"]}, terms)
    with Spool(Path(os.environ["PATCH_MODEL_STATE_DIR"]), MODEL, MASKS) as spool:
        found = spool.plan(spool.keep(plan))

    assert all(terms[i] != value for i, value in enumerate(Terms._field_defaults.values(), 1))
    assert all(origin[i] != value for i, value in enumerate(Origin._field_defaults.values()))
    assert found.terms == plan.terms
    assert found.base == plan.base
    assert type(found.terms.origin) is Origin
    assert {type(one) for one in found.terms.renames} == {Renamed}
    assert {type(one) for one in (*found.terms.notices, *found.warnings)} == {Notice}
    assert found.warnings == plan.warnings


def test_the_file_is_nobody_elses(tmp_path: Path) -> None:
    """It has no name in the folder, and is readable for its owner alone."""
    with Spool(tmp_path / "state", MODEL, MASKS) as spool:
        status = os.fstat(spool._file.fileno())
        names = list((tmp_path / "state").iterdir())

    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_nlink == 0
    assert names == []


def test_without_the_folder_it_is_in_the_platforms_place(tmp_path: Path) -> None:
    """Looking at many plans does not need a folder that can be written."""
    (tmp_path / "file").write_text("")
    with Spool(tmp_path / "file" / "state", MODEL, MASKS) as spool:
        assert os.fstat(spool._file.fileno()).st_nlink == 0


def test_a_full_disk_is_an_error_of_that_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """No room for the plan: nothing was written, and the error says so."""
    plan = make_plan(MODEL, Snapshot(raw({"name": "n", "fields": ["a"]})), Patch.merge({}))

    def full(*arguments: object) -> int:
        raise OSError(28, "No space left on device")

    with Spool(Path(os.environ["PATCH_MODEL_STATE_DIR"]), MODEL, MASKS) as spool:
        monkeypatch.setattr(os, "pwrite", full)
        with pytest.raises(JournalError, match="No space left"):
            spool.keep(plan)
        monkeypatch.setattr(os, "pwrite", lambda *arguments: 1)
        with pytest.raises(JournalError, match="only a part"):
            spool.keep(plan)
