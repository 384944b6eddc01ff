"""The IAM roles of the workflow: its jobs authenticate with OpenID Connect, so that no access key is stored anywhere.

Deploy each stack once, with the credentials of an administrator of its account.
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from permissions import lock_statements
from stages import DEV, PROD

ISSUER = "token.actions.githubusercontent.com"
REPOSITORY = "example@123456/shop@456789"
"""Names and ids of the owner and the repository, as in the subject of GitHub's token.

The subject of a repository from before July 15, 2026 has the names only, `example/shop`, unless its administrator has
chosen the new form: "Immutable subject claims" in GitHub's documentation.
"""


def build(app: cdk.App) -> list[cdk.Stack]:
    dev = cdk.Stack(app, "DevRole", env=DEV)
    role = deploy_role(dev, "dev", ["deploy", "file-publishing", "image-publishing", "lookup"])
    for statement in lock_statements(DEV, "Dev-Shop", "shop/dev"):
        role.add_to_policy(statement)

    prod = cdk.Stack(app, "ProdRole", env=PROD)
    deploy_role(prod, "prod", ["deploy", "file-publishing", "lookup"])  # it cannot push an image
    return [dev, prod]


def deploy_role(stack: cdk.Stack, environment: str, roles: list[str]) -> iam.Role:
    """Return a role for the jobs of one environment, which may assume only roles of the CDK bootstrap stack."""
    # An account has one provider of this URL: if another repository has made it, use from_oidc_provider_arn() instead.
    provider = iam.OidcProviderNative(stack, "GitHub", url=f"https://{ISSUER}", client_ids=["sts.amazonaws.com"])
    subject = f"repo:{REPOSITORY}:environment:{environment}"
    role = iam.Role(
        stack,
        "Deploy",
        role_name=f"shop-{environment}-deploy",
        assumed_by=iam.WebIdentityPrincipal(
            provider.oidc_provider_arn,
            {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subject}},
        ),
    )
    names = [f"cdk-hnb659fds-{name}-role-{stack.account}-{stack.region}" for name in roles]
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["sts:AssumeRole"], resources=[f"arn:aws:iam::{stack.account}:role/{name}" for name in names]
        )
    )
    return role


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
