"""A registry whose repositories share layers, as an account has it where images are copied."""

from __future__ import annotations

import aws_cdk as cdk

from ecr_fargate_constructs import RegistrySettings

app = cdk.App()
RegistrySettings(cdk.Stack(app, "Sharing"), "Registry", share_layers=True)
app.synth()
