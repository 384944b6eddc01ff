"""Both stages, each for the account whose credentials deploy it: the app of `.github/workflows/deploy.yml`."""

import aws_cdk as cdk
from stages import LOCK, dev, prod


def build(app: cdk.App) -> None:
    dev(app)
    if LOCK.exists():  # nothing is locked before the first deployment of Dev
        prod(app)


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
