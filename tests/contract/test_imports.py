"""What importing names from this library leaves behind."""

from __future__ import annotations

import gc
import sys

import pytest

import ecr_fargate_constructs


@pytest.mark.parametrize("collecting", [True, False])
def test_garbage_collection_is_as_it_was(collecting: bool) -> None:  # noqa: FBT001 - a case
    before = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        vars(ecr_fargate_constructs).pop("Route", None)  # so that it is looked up again
        assert ecr_fargate_constructs.Route is sys.modules["ecr_fargate_constructs.service.route"].Route
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if before else gc.disable)()
