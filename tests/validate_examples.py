"""Synthesizes every example with CDK's built-in validation: ``validate_examples.py OUTDIR``.

One process for all of them, because the first validation of a process takes ten seconds and the others none. Writes
``result.json``: the error of each example, or null.
"""

from __future__ import annotations

import json
import sys
from importlib import util
from pathlib import Path

import aws_cdk as cdk

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


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
        try:
            app.synth()
        except RuntimeError as error:  # all that crosses from CDK
            errors[file.stem] = str(error)
        else:
            errors[file.stem] = None
    (out / "result.json").write_text(json.dumps(errors), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
