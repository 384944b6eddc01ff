"""A registry whose repositories share layers, like an account in which images are copied."""

from __future__ import annotations

import aws_cdk as cdk

from ecr_fargate_constructs import RegistrySettings

app = cdk.App()
RegistrySettings(cdk.Stack(app, "Sharing"), "Registry", share_layers=True)
app.synth()
