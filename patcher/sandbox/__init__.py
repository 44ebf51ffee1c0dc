"""A sandbox: Polytomic's API of models and their syncs, emulated over HTTP on a loopback port.

    with Sandbox(models=3) as sandbox:
        client = Polytomic(base_url=sandbox.url, token=sandbox.api_key)

It follows the published description (openapi.json in this folder, against which each request and
each answer is checked) and the documented rules: a PUT replaces the whole model,
paging, idempotency keys, asynchronous jobs. It is built from the documentation, not from the rest
of this project, of which it imports nothing, so that it can prove the rest wrong.

What it does NOT emulate, or only guesses:

- No SQL is run and no source is queried: columns, their types and the one record of a sample are
  made up. A preview finds the columns that a plain query selects (``select a, t.b, c as d from
  ...``), and every column in any other source; a write accepts any fields.
- No permissions: every key may do everything but a bare partner key, which cannot reach the
  models; policies and labels are not looked up. No rate limits, unless scripted.
- Syncs can be read (list, one, status) but not written over the API, and none ever runs. Which
  models ``model_ids`` covers beyond those that a sync's sources name is not known, nor are the
  codes of ``problems``.
- Connections, enrichment sources and policies can be read (those that the seeded models and syncs
  name), not written. Neither bulk syncs, users, events nor webhooks; of the identity endpoint only
  the documented fields.
- Versions before 2024-02-08, whose update verb is PATCH.
- The shape of labels is a guess (``{"id", "name", "color"}``: the description has an object
  without properties), as is what a server knows of an enricher's fields, what an absent, null or
  empty ``fields`` opens (all columns), the result of a job (the bare model), and the scope of an
  idempotency key (none). Other plausible forms can be switched on: see ``Modes`` in forms.py.
- ``refresh`` is accepted and does nothing. ``?async=true`` on GET and DELETE is answered inline:
  no job type is documented for either.
- Whether the real server validates field names, additional fields and organizations; this one
  accepts whatever the description allows. Unknown and read-only keys of a body are ignored.
- Numbers with a fraction or exponent are 64-bit floats; integers are exact at any size.
- An idempotency key remembers what the API itself answered: neither an error that is scripted, nor
  a write that a script has land later.
- Jobs, idempotency keys and scripted faults do not survive a restart; models and syncs in a file
  do.
"""

from __future__ import annotations

from patcher.sandbox import faults, seed
from patcher.sandbox.faults import Fault
from patcher.sandbox.server import DEFAULT_API_KEY, DEFAULT_PARTNER_KEY, Sandbox

__all__ = ["DEFAULT_API_KEY", "DEFAULT_PARTNER_KEY", "Fault", "Sandbox", "faults", "seed"]
