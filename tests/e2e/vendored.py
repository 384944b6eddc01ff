"""The AWS SDK for the images of apps: they are built without a connection to PyPI."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
SERVICES = ("dynamodb", "s3", "sqs", "sts")


def vendor(folder: Path) -> None:
    """Copy boto3 and what it needs; of the services' descriptions those that the app asks."""

    def others(directory: str, names: list[str]) -> set[str]:
        inside = Path(directory)
        if inside.name != "data":
            return {name for name in names if name == "__pycache__"}
        return {name for name in names if (inside / name).is_dir() and name not in SERVICES}

    for name in PACKAGES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        if spec.submodule_search_locations:
            shutil.copytree(Path(spec.origin).parent, folder / name, ignore=others)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(spec.origin, folder)
