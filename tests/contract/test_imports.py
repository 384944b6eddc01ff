"""What importing names from this library leaves behind."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

import ecr_fargate_constructs

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("collecting", [True, False])
def test_garbage_collection_is_as_it_was(collecting: bool) -> None:  # noqa: FBT001 - a case
    before = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        vars(ecr_fargate_constructs).pop("Route", None)  # so that it is looked up again
        assert ecr_fargate_constructs.Route is sys.modules["ecr_fargate_constructs.service.routing.route"].Route
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if before else gc.disable)()


@pytest.mark.parametrize("frozen", [False, True])
def test_what_the_program_has_frozen_stays_so(frozen: bool) -> None:  # noqa: FBT001 - a case
    before = gc.get_freeze_count() > 0
    (gc.freeze if frozen else gc.unfreeze)()
    try:
        vars(ecr_fargate_constructs).pop("Route", None)
        assert ecr_fargate_constructs.Route is sys.modules["ecr_fargate_constructs.service.routing.route"].Route
        assert (gc.get_freeze_count() > 0) is frozen
    finally:
        (gc.freeze if before else gc.unfreeze)()


_UNUSED = """
import sys
import ecr_fargate_constructs
from ecr_fargate_constructs import EcrFargateService

prefix = ecr_fargate_constructs.__name__
print(sorted(name for name in sys.modules if name.startswith((f"{prefix}.tools", f"{prefix}.validation"))))
ecr_fargate_constructs.DoctorPlugin
print(f"{prefix}.tools.doctor.registry" in sys.modules, "rich" in sys.modules, "typer" in sys.modules)
"""


def test_the_rules_of_the_doctor_are_loaded_with_the_plugin_alone() -> None:
    done = subprocess.run([sys.executable, "-c", _UNUSED], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.splitlines() == ["[]", "True False False"]


_SEARCHED = """
import gc
import aws_cdk

searched = []
gc.callbacks.append(lambda phase, _: phase == "start" and searched.append(len(gc.get_objects(generation=0))))
from ecr_fargate_constructs import EcrFargateService, PublicHttp

made = [[] for _ in range(5000)]  # what has waited until now would be searched for
print(max(searched))
"""


def test_what_an_import_makes_is_not_searched_for_garbage() -> None:
    done = subprocess.run([sys.executable, "-c", _SEARCHED], capture_output=True, text=True, check=True)  # noqa: S603
    assert int(done.stdout) < 10_000  # the lists fill it at each few hundred; the classes would be a hundred thousand
