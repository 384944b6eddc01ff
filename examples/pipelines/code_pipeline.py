"""Two pipelines of CDK Pipelines: one deploys Dev and locks its image, the other one deploys Prod after an approval.

There are two because they begin with different commits: the first one ends with the commit of a lock file, and the
second one starts with it. To roll back, revert that commit: only the second pipeline starts.
"""

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import pipelines
from permissions import lock_statements
from stages import DEV, LOCK, PROD, dev, prod

OWNER, REPOSITORY, BRANCH = "example", "shop", "main"
CONNECTION = "arn:aws:codeconnections:eu-west-1:111122223333:connection/a1b2c3d4-5678-90ab-cdef-111111111111"
CDK = "2.1148.1"
INSTALL = ["pip install --requirement requirements.txt"]
LOCK_AND_COMMIT = [
    'ecr-fargate image lock web --stack Dev-Shop --revision "$CODEBUILD_RESOLVED_SOURCE_VERSION"',
    'git config user.name "Lock" && git config user.email "lock@example.com"',
    "git add images.lock.json",
    'git diff --cached --quiet || git commit --message "Lock web of $CODEBUILD_RESOLVED_SOURCE_VERSION"',
    f"git push origin HEAD:{BRANCH}",
]


def build(app: cdk.App) -> list[cdk.Stack]:
    """Create the pipelines, both in the account of Dev."""
    first = cdk.Stack(app, "DevPipeline", env=DEV)
    source = codepipeline.Artifact("Source")
    stages = pipeline(
        first, source, codepipeline.GitPushFilter(branches_includes=[BRANCH], file_paths_excludes=[LOCK.name])
    )
    lock = pipelines.CodeBuildStep(
        "Lock",
        input=pipelines.CodePipelineFileSet.from_artifact(source),
        install_commands=INSTALL,
        commands=LOCK_AND_COMMIT,
        partial_build_spec=codebuild.BuildSpec.from_object({"env": {"git-credential-helper": "yes"}}),  # for the push
        role_policy_statements=lock_statements(DEV, "Dev-Shop", "shop/dev"),
    )
    stages.add_stage(dev(first, DEV), post=[lock])
    if not LOCK.exists():  # nothing is locked before the first deployment of Dev
        return [first]

    second = cdk.Stack(app, "ProdPipeline", env=DEV)
    source = codepipeline.Artifact("Source")
    stages = pipeline(
        second, source, codepipeline.GitPushFilter(branches_includes=[BRANCH], file_paths_includes=[LOCK.name])
    )
    stages.add_stage(prod(second, PROD), pre=[pipelines.ManualApprovalStep("Approve")])
    return [first, second]


def pipeline(
    stack: cdk.Stack, source: codepipeline.Artifact, pushes: codepipeline.GitPushFilter
) -> pipelines.CodePipeline:
    # CDK allows the older codestar-connections:UseConnection only, which does not fit the ARN of a newer connection.
    use_connection = iam.PolicyStatement(actions=["codeconnections:UseConnection"], resources=[CONNECTION])
    role = iam.Role(stack, "SourceRole", assumed_by=iam.AccountPrincipal(stack.account))
    role.add_to_policy(use_connection)
    action = actions.CodeStarConnectionsSourceAction(
        action_name="Source",
        role=role,
        connection_arn=CONNECTION,
        owner=OWNER,
        repo=REPOSITORY,
        branch=BRANCH,
        output=source,
        code_build_clone_output=True,  # the step that commits needs the history
        trigger_on_push=False,  # the trigger below starts the pipeline
    )
    of_git = codepipeline.GitConfiguration(source_action=action, push_filter=[pushes])
    bare = codepipeline.Pipeline(
        stack,
        "Pipeline",
        pipeline_type=codepipeline.PipelineType.V2,
        cross_account_keys=True,
        enable_key_rotation=True,
        restart_execution_on_update=True,
        triggers=[
            codepipeline.TriggerProps(
                provider_type=codepipeline.ProviderType.CODE_STAR_SOURCE_CONNECTION, git_configuration=of_git
            )
        ],
    )
    bare.add_stage(stage_name="Source", actions=[action])
    return pipelines.CodePipeline(
        stack,
        "Stages",
        code_pipeline=bare,
        cli_version=CDK,
        code_build_defaults=pipelines.CodeBuildOptions(
            build_environment=codebuild.BuildEnvironment(build_image=codebuild.LinuxBuildImage.STANDARD_8_0),
            role_policy=[use_connection],
        ),
        synth=pipelines.ShellStep(
            "Synth",
            input=pipelines.CodePipelineFileSet.from_artifact(source),
            install_commands=INSTALL,
            commands=[f"npx --yes aws-cdk@{CDK} synth --quiet --app 'python3 code_pipeline.py'"],
        ),
    )


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
