"""A sandbox: Polytomic's API of models and their syncs, emulated over HTTP on a loopback port.

    with Sandbox(models=3) as sandbox:
        client = Polytomic(base_url=sandbox.url, token=sandbox.api_key)

It follows the published description (openapi.json, which lies beside this file, and against which
each request and each answer is checked) and the documented rules: a PUT replaces the whole model,
paging, idempotency keys, asynchronous jobs. It is built from the documentation, not from the rest
of this project, of which it imports nothing; so it can prove the rest wrong.

What it does NOT emulate, or only guesses:

- No SQL is run and no source is asked: columns and their types are made up, samples are not there.
  A preview believes the plainest of queries (``select a, t.b, c as d from ...``) about what it
  selects, and finds every column in any other source; a write takes whatever fields it is given.
- No permissions: every key may do everything, policies and labels are not looked up, and a
  bare partner key is merely kept out of the models. No rate limits, unless scripted.
- Syncs can be read (list, one, status) but not written over the API, and none ever runs. Which
  models ``model_ids`` covers beyond those that a sync's sources name is not known, nor are the
  codes of ``problems``.
- Neither bulk syncs, connections, users, events nor webhooks; of the identity endpoint only the
  documented fields.
- Versions before 2024-02-08, whose update verb is PATCH.
- The shape of labels is a guess (``{"id": ...}``: the description has an object without
  properties), as is what an absent, null or empty ``fields`` opens (all columns), the result of a
  job (the bare model), and the scope of an idempotency key (none).
- ``refresh`` is accepted and does nothing. ``?async=true`` on GET and DELETE is answered inline:
  no job type is documented for either.
- Whether the real server validates field names, additional fields and organizations; this one
  takes whatever the description allows. Unknown keys of a body, the read-only ones among them,
  are ignored.
- Numbers with a fraction or exponent are 64-bit floats; integers are exact at any size.
- Jobs, idempotency keys and scripted faults do not survive a restart; models and syncs in a file
  do.
"""

from __future__ import annotations

from patcher.sandbox import faults, seed, seedsyncs
from patcher.sandbox.actions import Gate
from patcher.sandbox.faults import Fault
from patcher.sandbox.messages import RecordedRequest
from patcher.sandbox.server import DEFAULT_API_KEY, DEFAULT_PARTNER_KEY, Sandbox

__all__ = [
    "DEFAULT_API_KEY",
    "DEFAULT_PARTNER_KEY",
    "Fault",
    "Gate",
    "RecordedRequest",
    "Sandbox",
    "faults",
    "seed",
    "seedsyncs",
]
