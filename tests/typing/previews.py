"""Previews, for the type checkers."""

from __future__ import annotations

import aws_cdk as cdk
from typing_extensions import assert_type

from ecr_fargate_constructs import Preview, PreviewStack


def previewed(app: cdk.App) -> cdk.Stack:
    preview = Preview.of(app)
    assert_type(preview, Preview | None)
    if preview is None:
        return cdk.Stack(app, "Shop")
    stack = PreviewStack(app, "Shop", preview=preview, env=cdk.Environment(region="eu-west-1"), tags={"team": "a"})
    assert_type(stack.preview, Preview)
    return stack
