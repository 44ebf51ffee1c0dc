"""Plans to be shown: one as people make them, and one whose every text is up to no good."""

from __future__ import annotations

from typing import Any

from patcher.documents.patches import Patch
from patcher.plan import Plan
from patcher.render.plan import Attachment, Outline, outline
from patcher.render.text import Span, line
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response
from tests.plan.planning import make_plan
from tests.sandbox import seed

HOSTILE = (
    "<script>top.pwned=1</script>",
    '"><img src=x onerror="top.pwned=1">',
    "'><svg onload=top.pwned=1>",
    "</style><style>*{display:none}</style>",
    "</pre></td></table></details></main><h1>Approved</h1>",
    "<a href=javascript:top.pwned=1>x</a>",
    "--><!-- ]]> {{7*7}} ${7*7}",
    "&lt;b&gt; &amp;amp; &#x3c;script&#x3e;",
    "@everyone #1 https://example.com www.example.com [x](javascript:1) ![i](http://e/i.png)",
    "` `` ``` ```` ~~~ |x|",
    "```\n</details>\n# Approved\n- [x] done\n<b>bold</b>",
    "\x1b[2J\x07\u202eevil\u200b\ufeff",
    "a" * 3_000,
    "W " * 500,
)


def contacts() -> Plan:
    """Eight changes to the model that uses everything."""
    document = seed.contacts()
    plain = [{"name": name} for name in document["fields"]]
    added = [{**one, "user_added": True} for one in document["additional_fields"]]
    rest = {
        key: value for key, value in document.items() if key not in ("fields", "additional_fields")
    }
    query = document["configuration"]["query"]
    change = (
        Patch.merge(
            {
                "name": "Customers",
                "configuration": {
                    "query": query.replace("c.plan, ", "").replace(
                        "status = 'customer'\n",
                        "status in ('customer', 'trial')\n   and co.country = 'DE'\n",
                    ),
                    "timeout_seconds": 600,
                    "session": {"api_token": "tok_new_c0ffee"},
                },
                "policies": None,
                "enricher": {"mappings": {"name": "first_name"}},
            }
        )
        + Patch.remove("fields", "plan")
        + Patch.add("additional_fields", {"name": "segment", "label": "Segment", "type": "string"})
    )
    return _plan(response(**rest, fields=plain + added), change)


def hostile() -> Plan:
    """Every text that a model can hold, as somebody would write it who wants to be believed."""
    keys = {f"{text[:200]} {number}": text for number, text in enumerate(HOSTILE)}
    found = response(
        name=" ".join(HOSTILE[:6]),
        updated_by={"id": "u", "name": HOSTILE[0]},
        configuration={"query": "\n".join(HOSTILE), "kept": dict.fromkeys(keys, "x")},
        fields=[{"name": text} for text in HOSTILE],
        identifier=HOSTILE[1],
        tracking_columns=[HOSTILE[2], HOSTILE[12]],
        relations=[],
    )
    change = Patch.merge(
        {
            "name": "renamed " + HOSTILE[9],
            "configuration": {
                "query": "\n".join(text.upper() for text in HOSTILE),
                "kept": keys,
                "nested": {"list": [list(HOSTILE), {"deep": keys}]},
            },
            "fields": ["email", *HOSTILE[3:]],
            "additional_fields": [
                {"name": text, "label": text, "type": "string", "example": text}
                for text in HOSTILE[:3]
            ],
            "policies": None,
        }
    )
    return _plan(found, change)


def outlines() -> dict[str, Outline]:
    """Outlines of all kinds, by name."""
    alarm = Attachment(
        HOSTILE[0], (line("  ", Span(HOSTILE[1], "alarm")), line(HOSTILE[9])), is_alarming=True
    )
    quiet = Attachment("Not asked", (line(Span("the server", "quiet")),))
    alone = Attachment("Preview: 7 fields would be exposed, as now.", ())
    return {
        "contacts": outline(contacts(), attachments=(alone,)),
        "hostile": outline(hostile(), attachments=(alarm, quiet)),
        "unchanged": outline(_plan(response(), Patch.merge({"name": "Customers"}))),
    }


def _plan(raw: dict[str, Any], change: Patch) -> Plan:
    return make_plan(MODEL, Snapshot(raw), change)
