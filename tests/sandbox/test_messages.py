"""Bodies of requests."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import Api


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "null", '{"name": NaN}', "[1e400]"])
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: str) -> None:
    """What is not a JSON object, or not finite, is a 400."""
    assert api.model("PUT", data=body).status_code == 400
