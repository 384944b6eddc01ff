"""An image: it starts and bootstraps the embedded AWS and brings it the base image."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

app = cdk.App()
ecr_assets.DockerImageAsset(cdk.Stack(app, "Warm"), "Image", directory="images/warm")
app.synth()
