"""An image: gets the embedded AWS started, bootstrapped and furnished with the base image."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

app = cdk.App()
ecr_assets.DockerImageAsset(cdk.Stack(app, "Warm"), "Image", directory="images/warm")
app.synth()
