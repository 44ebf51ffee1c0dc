"""Paths, verbs, pages and entity tags."""

from __future__ import annotations

from typing import Any

import pytest

import patcher.sandbox
from tests.sandbox import Sandbox, seed
from tests.sandbox.conftest import Api, ApiFor

NEW = {**seed.contacts(), "name": "New"}


def version(sandbox: Sandbox) -> int:
    """How often the model was written, plus one."""
    return int(sandbox.model(seed.CONTACTS)["version"])


@pytest.mark.parametrize("method", ["PATCH", "POST", "OPTIONS", "HEAD"])
def test_other_verbs_are_405(api: Api, method: str) -> None:
    """A verb the endpoint does not have is a 405, and no part of the log is lost."""
    answer = api.model(method)

    assert answer.status_code == 405
    assert answer.headers["X-Polytomic-Version"] == "2025-09-18"
    assert [each.method for each in api.sandbox.requests] == [method]


def test_other_paths_are_404(api: Api) -> None:
    """A path the API does not have is a 404 in its error form."""
    assert api.get("/api/models/").json()["status"] == 404


def test_etags_and_if_match(api_for: ApiFor) -> None:
    """With etags, a PUT whose If-Match is not the model's entity tag is a 412."""
    with Sandbox(models=1, etags=True) as sandbox:
        api = api_for(sandbox)
        tag = api.model("GET").headers["ETag"]
        assert api.model("PUT", json=NEW, headers={"If-Match": tag}).status_code == 200
        assert api.model("PUT", json=NEW, headers={"If-Match": tag}).status_code == 412
        assert api.model("PUT", json=NEW, headers={"If-Match": f'"x", {tag}'}).status_code == 412
        assert api.model("PUT", json=NEW, headers={"If-Match": "*"}).status_code == 200
        assert version(sandbox) == 3


def test_without_etags_if_match_means_nothing(sandbox: Sandbox, api: Api) -> None:
    """The plain server sends no entity tag and ignores If-Match, as documented."""
    assert "ETag" not in api.model("GET").headers
    assert api.model("PUT", json=NEW, headers={"If-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize("limit", [None, 50, 7, 0, -3, 1000])
def test_pages_hold_every_model_once(api_for: ApiFor, limit: int | None) -> None:
    """Following the page token shows all models once, newest first, at most 50 a page."""
    with Sandbox(models=120, validate_responses=False) as sandbox:
        sandbox.write_as_other(sandbox.ids()[60], {"name": "touched"})
        api = api_for(sandbox)
        query: dict[str, Any] = {} if limit is None else {"limit": limit}
        pages = []
        while True:
            page = api.get("/api/models", params=query).json()
            pages.append(page["data"])
            if "next_page_token" not in page["pagination"]:
                break
            query["page_token"] = page["pagination"]["next_page_token"]

        models = [model for page in pages for model in page]
        assert max(map(len, pages)) == (7 if limit == 7 else 50)
        assert sorted(model["id"] for model in models) == sorted(sandbox.ids())
        assert models[0]["name"] == "touched"
        assert models == sorted(models, key=lambda each: each["updated_at"], reverse=True)


def test_a_made_up_page_token_is_refused(api: Api) -> None:
    """A page token that this server did not make is a 400."""
    assert api.get("/api/models", params={"page_token": "abc"}).status_code == 400


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_job_without_a_script(is_deleted: bool, api_for: ApiFor) -> None:
    """It is done at the third poll, and stays so; it fails where its model is gone by then."""
    with patcher.sandbox.Sandbox(models=1) as sandbox:
        api = api_for(sandbox)
        begun = api.model("PUT", json=seed.contacts(), params={"async": "true"}).json()["job"]
        if is_deleted:
            sandbox.delete(seed.CONTACTS)
        path = f"/api/jobs/updatemodel/{begun['job_id']}"
        jobs = [api.get(path).json()["data"] for _ in range(4)]
        unknown = api.get(f"/api/jobs/createmodel/{begun['job_id']}")

    ended = "failed" if is_deleted else "done"
    assert [job["status"] for job in jobs] == ["running", "running", ended, ended]
    assert (jobs[-1]["result"] is None, jobs[-1]["error"] is None) == (is_deleted, not is_deleted)
    assert unknown.status_code == 404
