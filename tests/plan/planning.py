"""Plans under terms that a test gives by name."""

from __future__ import annotations

from typing import Any

from patcher.documents.masks import Masks
from patcher.documents.patches import Patch
from patcher.plan import Plan, Terms, making
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot


def make_plan(resource: Resource, base: Snapshot, patch: Patch, **terms: Any) -> Plan:
    """The plan of a patch; credentials of the resource are masked unless a test says otherwise."""
    masks = terms.pop("masks", None) or Masks(resource.shape.opaque)
    return making.make_plan(resource, base, patch, Terms(masks, **terms))
