"""A pytest plugin for every CDK app: fixtures, and the assertions behind them.

``pip install ecr-fargate-constructs[testing]`` registers it. It does not depend on this package's constructs, and
imports ``aws_cdk`` when a test first needs a template.
"""

from __future__ import annotations

from ecr_fargate_constructs._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
