"""Synthesize every example with CDK's built-in validation: ``validate_examples.py OUTDIR``.

One process runs all of them, because only the first validation of a process takes ten seconds. The script writes
``result.json``: the error of each example, or null; and that of a stack with a fault, which has to have one.
"""

from __future__ import annotations

import json
import sys
from importlib import util
from pathlib import Path

import aws_cdk as cdk

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FAULTY = "a stack with a fault"


def main(out: Path) -> None:
    """Synthesize each example into a folder of its name."""
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    errors: dict[str, str | None] = {}
    for file in EXAMPLES:
        spec = util.spec_from_file_location(f"example_{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = util.module_from_spec(spec)
        spec.loader.exec_module(module)
        app = cdk.App(context=context, outdir=str(out / file.stem))
        module.build(app)
        errors[file.stem] = _error_of(app)
    app = cdk.App(context=context)
    cdk.CfnResource(cdk.Stack(app, "Bad"), "Cluster", type="AWS::ECS::Cluster", properties={"Nope": 1})
    errors[FAULTY] = _error_of(app)
    (out / "result.json").write_text(json.dumps(errors), encoding="utf-8")


def _error_of(app: cdk.App) -> str | None:
    try:
        app.synth()
    except RuntimeError as error:  # CDK raises nothing else across jsii
        return str(error)
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
