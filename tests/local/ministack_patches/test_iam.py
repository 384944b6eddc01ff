"""IAM of the embedded AWS: a real one, asked in this process by roles, through real clients of AWS."""

from __future__ import annotations

import base64
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.ministack_patches.iam.policies import Policies
from tests.local.ministack_patches.test_guard import ACCOUNT, PASSWORD, REGISTRY, SECRET, Emulator, emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATCHED = (
    "app",
    "core.iam_evaluator",
    "core.iam_actions",
    "core.lambda_runtime",
    "services.ecr",
    "services.ecs",
    "services.lambda_svc",
)
EVERYBODY = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}

__all__ = ["emulator"]


def put_away() -> list[tuple[Any, dict[str, Any]]]:
    """Return the modules that IAM reaches into, each with what is in it."""
    modules = [import_module(f"ministack.{name}") for name in _PATCHED]
    return [(module, dict(vars(module))) for module in modules]


def put_back(kept: list[tuple[Any, dict[str, Any]]]) -> None:
    """Undo what IAM has changed."""
    for module, content in kept:
        vars(module).update(content)


@pytest.fixture
def aws(emulator: Emulator) -> Iterator[Emulator]:
    """The embedded AWS with IAM."""
    kept = put_away()
    evaluator: Any = import_module("ministack.core.iam_evaluator")
    operators = dict(evaluator._CONDITION_OPS)
    policies = Policies()
    inner = emulator.application._application
    emulator.application._application = policies.behind_the_guard(inner)
    emulator.application = policies.before_the_guard(emulator.application, PASSWORD)
    yield emulator
    put_back(kept)
    evaluator._CONDITION_OPS.update(operators)
    for service in ("kms", "secretsmanager", "sqs", "ssm", "sns", "dynamodb"):
        import_module(f"ministack.services.{service}").reset()


class Role:
    """A role, and sessions of it."""

    def __init__(self, aws: Emulator, name: str, *statements: dict[str, Any], **options: Any) -> None:  # noqa: ANN401
        """Create it with a policy of some statements."""
        self._aws, self.name, self._iam = aws, name, aws.client("iam")
        document = json.dumps(EVERYBODY)
        self.arn = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **options)["Role"]["Arn"]
        self.allow(*statements)

    def allow(self, *statements: dict[str, Any]) -> None:
        """Replace its policy."""
        if statements:
            document = json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*"} | each for each in statements]})
            self._iam.put_role_policy(RoleName=self.name, PolicyName="own", PolicyDocument=document)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's
        """A client of a new session."""
        answer = self._aws.client("sts").assume_role(RoleArn=self.arn, RoleSessionName="session")["Credentials"]
        return self._aws.client(
            service,
            key=answer["AccessKeyId"],
            secret=answer["SecretAccessKey"],
            aws_session_token=answer["SessionToken"],
        )


def refused(call: Any, **options: Any) -> str:  # noqa: ANN401 - boto3's
    """The message of a refusal."""
    with pytest.raises(ClientError) as error:
        call(**options)
    assert error.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
    return str(error.value.response["Error"]["Message"])


def signed(method: str, path: str, credentials: Credentials) -> dict[str, str]:
    """The headers of a signed request to what MiniStack answers by itself."""
    request = AWSRequest(method, f"http://localhost:4566{path}")
    SigV4Auth(credentials, "ministack", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def decisions(aws: Emulator) -> list[dict[str, Any]]:
    """What the user is told of decisions."""
    path = "/_ministack/decisions"
    answer = aws.ask("GET", path, signed("GET", path, Credentials(ACCOUNT, SECRET)))
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = json.loads(answer.body)
    return found


def test_a_role_may_do_what_its_policy_allows_and_nothing_else(aws: Emulator) -> None:
    aws.client("s3").create_bucket(Bucket="files")
    role = Role(aws, "Web", {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::files/*"})
    s3 = role.client("s3")
    s3.put_object(Bucket="files", Key="a", Body=b"kept")
    message = refused(s3.get_object, Bucket="files", Key="a")
    assert message == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/Web/session is not authorized to perform: s3:GetObject on "
        "resource: arn:aws:s3:::files/a because no identity-based policy allows the s3:GetObject action"
    )


def test_the_user_may_do_everything(aws: Emulator) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="files")
    s3.put_object(Bucket="files", Key="a", Body=b"kept")
    assert s3.get_object(Bucket="files", Key="a")["Body"].read() == b"kept"
    assert decisions(aws) == []


def test_decisions_are_counted(aws: Emulator) -> None:
    role = Role(aws, "Web", {"Action": "sqs:CreateQueue"})
    sqs = role.client("sqs")
    sqs.create_queue(QueueName="jobs")
    sqs.create_queue(QueueName="jobs")
    refused(sqs.get_queue_url, QueueName="jobs")
    found = [(each["action"], each["times"], bool(each["refusal"])) for each in decisions(aws)]
    assert found == [("sqs:CreateQueue", 2, False), ("sqs:GetQueueUrl", 1, True)]


def test_a_denial_of_plain_http_is_about_aws_and_not_about_this_machine(aws: Emulator) -> None:
    own = aws.client("s3")
    own.create_bucket(Bucket="files")
    deny = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::files", "arn:aws:s3:::files/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    own.put_bucket_policy(Bucket="files", Policy=json.dumps({"Statement": [deny]}))
    Role(aws, "Web", {"Action": "s3:*"}).client("s3").put_object(Bucket="files", Key="a", Body=b"")


def test_a_queue_may_deny_what_a_role_is_allowed(aws: Emulator) -> None:
    own = aws.client("sqs")
    url = own.create_queue(QueueName="jobs")["QueueUrl"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    own.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [deny]})})
    sqs = Role(aws, "Web", {"Action": "sqs:*"}).client("sqs")
    assert "with an explicit deny in a resource-based policy" in refused(
        sqs.send_message, QueueUrl=url, MessageBody="text"
    )


def test_a_boundary_limits_a_role_and_is_named(aws: Emulator) -> None:
    document = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sqs:CreateQueue", "Resource": "*"}]})
    policy = aws.client("iam").create_policy(PolicyName="Limit", PolicyDocument=document)["Policy"]["Arn"]
    sqs = Role(aws, "Web", {"Action": "sqs:*"}, PermissionsBoundary=policy).client("sqs")
    sqs.create_queue(QueueName="jobs")
    assert refused(sqs.get_queue_url, QueueName="jobs").endswith(
        "because no permissions boundary allows the sqs:GetQueueUrl action"
    )


def test_a_secret_under_a_key_takes_the_key_as_well(aws: Emulator) -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    key = aws.client("kms").create_key(Policy=json.dumps({"Statement": [root]}))["KeyMetadata"]["Arn"]
    secrets = aws.client("secretsmanager")
    arn = secrets.create_secret(Name="Key", SecretString="text", KmsKeyId=key)["ARN"]
    role = Role(aws, "Web", {"Action": "secretsmanager:GetSecretValue", "Resource": arn})
    asked = role.client("secretsmanager")
    assert f"kms:Decrypt on resource: {key} because no identity-based policy" in refused(
        asked.get_secret_value, SecretId=arn
    )
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
    role.allow(
        {"Action": "secretsmanager:GetSecretValue", "Resource": arn},
        {"Action": "kms:Decrypt", "Resource": key, "Condition": via},
    )
    assert asked.get_secret_value(SecretId=arn)["SecretString"] == "text"
    aws.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps({"Statement": []}))
    assert refused(asked.get_secret_value, SecretId=arn).endswith(
        "because no resource-based policy allows the kms:Decrypt action"
    )


@pytest.mark.parametrize(
    ("service", "operation", "options", "resource"),
    [
        ("ecr", "describe_repositories", {"repositoryNames": ["web"]}, "ecr:us-east-1:{}:repository/web"),
        ("ecr", "describe_images", {"repositoryName": "web"}, "ecr:us-east-1:{}:repository/web"),
        ("ecr", "list_tags_for_resource", {"resourceArn": "arn:aws:ecr:x:1:repository/a"}, "ecr:x:1:repository/a"),
        ("logs", "describe_log_streams", {"logGroupName": "/web"}, "logs:us-east-1:{}:log-group:/web:log-stream:"),
        (
            "logs",
            "create_log_stream",
            {"logGroupName": "/web", "logStreamName": "a"},
            "logs:us-east-1:{}:log-group:/web:log-stream:a",
        ),
        ("logs", "describe_log_groups", {}, "logs:us-east-1:{}:log-group::log-stream:"),
        ("ssm", "get_parameters", {"Names": ["/prod/url"]}, "ssm:us-east-1:{}:parameter/prod/url"),
        ("ssm", "get_parameters_by_path", {"Path": "/prod"}, "ssm:us-east-1:{}:parameter/prod"),
        ("ecs", "describe_services", {"cluster": "main", "services": ["web"]}, "ecs:us-east-1:{}:service/main/web"),
        ("ecs", "update_service", {"cluster": "main", "service": "web"}, "ecs:us-east-1:{}:service/main/web"),
        ("ecs", "stop_task", {"cluster": "main", "task": "0123"}, "ecs:us-east-1:{}:task/main/0123"),
        ("ecs", "run_task", {"taskDefinition": "web:1"}, "ecs:us-east-1:{}:task-definition/web:1"),
        ("ecs", "list_tasks", {"cluster": "main"}, "ecs:us-east-1:{}:cluster/main"),
    ],
)
def test_a_refusal_names_the_resource_as_aws_does(
    service: str, operation: str, options: dict[str, Any], resource: str, aws: Emulator
) -> None:
    message = refused(getattr(Role(aws, "Web").client(service), operation), **options)
    assert f" on resource: arn:aws:{resource.format(ACCOUNT)} because" in message


def test_an_action_without_a_resource_is_asked_about_every_resource(aws: Emulator) -> None:
    role = Role(aws, "Web", {"Action": "ecr:*", "Resource": f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/web"})
    assert " on resource: * because" in refused(role.client("ecr").get_authorization_token)


def test_a_resource_that_is_not_known_is_any_that_the_policy_names(aws: Emulator) -> None:
    role = Role(aws, "Web", {"Action": "xray:PutTraceSegments", "Resource": "arn:aws:xray:us-east-1:1:group/a"})
    evaluator = import_module("ministack.core.iam_evaluator")
    key = role.client("sts")._request_signer._credentials.access_key
    scope = import_module("ministack.core.responses").request_scope
    with scope(ACCOUNT, "us-east-1"):
        assert evaluator.enforce(key, "xray:PutTraceSegments", "xray", "us-east-1") is None
        assert evaluator.enforce(key, "xray:GetGroups", "xray", "us-east-1") is not None


def test_conditions_on_arns_compare_part_by_part(aws: Emulator) -> None:
    spans = {"ArnLike": {"aws:PrincipalArn": "arn:aws:*:role/Web"}}
    sqs = Role(aws, "Web", {"Action": "sqs:CreateQueue", "Condition": spans}).client("sqs")
    refused(sqs.create_queue, QueueName="jobs")
    fits = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/O*"}}
    Role(aws, "Other", {"Action": "sqs:CreateQueue", "Condition": fits}).client("sqs").create_queue(QueueName="jobs")


class TestRegistry:
    """The private registry asks IAM about the role that got the token."""

    @staticmethod
    def _ask(aws: Emulator, role: Role, method: str, path: str) -> tuple[int, str]:
        token = role.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
        assert base64.b64decode(token).decode() != f"AWS:{PASSWORD}"
        answer = aws.ask(method, path, {"Authorization": f"Basic {token}"}, host=REGISTRY)
        return answer.status, answer.body.decode()

    @pytest.mark.parametrize(
        ("method", "path", "action", "status"),
        [
            ("GET", "manifests/1", "BatchGetImage", 404),
            ("HEAD", "manifests/1", "BatchGetImage", 404),
            ("PUT", "manifests/1", "PutImage", 400),
            ("HEAD", f"blobs/sha256:{'0' * 64}", "BatchCheckLayerAvailability", 404),
            ("GET", f"blobs/sha256:{'0' * 64}", "GetDownloadUrlForLayer", 404),
            ("POST", "blobs/uploads/", "InitiateLayerUpload", 202),
            ("GET", "tags/list", "ListImages", 200),
        ],
    )
    def test_each_request_takes_its_action(
        self, method: str, path: str, action: str, status: int, aws: Emulator
    ) -> None:
        arn = aws.client("ecr").create_repository(repositoryName="team/web")["repository"]["repositoryArn"]
        token = {"Action": "ecr:GetAuthorizationToken"}
        role = Role(aws, "Web", token)
        refusal, said = self._ask(aws, role, method, f"/v2/team/web/{path}")
        assert refusal == 403
        if method != "HEAD":
            assert f"is not authorized to perform: ecr:{action} on resource: {arn} because" in said
        role.allow(token, {"Action": f"ecr:{action}", "Resource": arn})
        assert self._ask(aws, role, method, f"/v2/team/web/{path}")[0] == status

    def test_the_repository_may_allow_what_the_role_is_not(self, aws: Emulator) -> None:
        ecr = aws.client("ecr")
        ecr.create_repository(repositoryName="web")
        role = Role(aws, "Web", {"Action": "ecr:GetAuthorizationToken"})
        allow = {"Effect": "Allow", "Principal": {"AWS": role.arn}, "Action": "ecr:ListImages"}
        ecr.set_repository_policy(repositoryName="web", policyText=json.dumps({"Statement": [allow]}))
        assert self._ask(aws, role, "GET", "/v2/web/tags/list")[0] == 200

    def test_a_mount_without_the_right_to_read_the_source_is_an_upload(self, aws: Emulator) -> None:
        ecr = aws.client("ecr")
        arns = [ecr.create_repository(repositoryName=each)["repository"]["repositoryArn"] for each in ("web", "assets")]
        actions = ["ecr:GetAuthorizationToken", "ecr:InitiateLayerUpload"]
        role = Role(aws, "Web", {"Action": actions})
        path = f"/v2/web/blobs/uploads/?mount=sha256:{'0' * 64}&from=assets"
        assert self._ask(aws, role, "POST", path)[0] == 202
        refusal = next(each for each in decisions(aws) if each["refusal"])
        assert (refusal["action"], refusal["resource"]) == ("ecr:GetDownloadUrlForLayer", arns[1])

    def test_a_wrong_token_gets_nowhere(self, aws: Emulator) -> None:
        login = base64.b64encode(b"AWS:wrong").decode()
        assert aws.ask("GET", "/v2/", {"Authorization": f"Basic {login}"}, host=REGISTRY).status == 401


def test_a_role_can_neither_empty_the_embedded_aws_nor_read_the_record(aws: Emulator) -> None:
    role = Role(aws, "Web", {"Action": "*"})
    credentials = role.client("sts")._request_signer._credentials
    for method, path in (("POST", "/_ministack/reset"), ("GET", "/_ministack/decisions")):
        assert aws.ask(method, path, signed(method, path, credentials)).status == 403


def test_a_function_has_its_role_and_a_secret_that_nobody_can_work_out(aws: Emulator) -> None:
    role = Role(aws, "Function")
    functions: Any = import_module("ministack.services.lambda_svc")
    config = {
        "FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:copier",
        "FunctionName": "copier",
        "Role": role.arn,
    }
    given = functions.execution_credentials(config)
    assert functions.execution_credentials(config) == given
    other = functions.execution_credentials({**config, "FunctionArn": config["FunctionArn"] + "2"})
    assert other["AWS_SECRET_ACCESS_KEY"] != given["AWS_SECRET_ACCESS_KEY"]
    client = aws.client(
        "sts",
        key=given["AWS_ACCESS_KEY_ID"],
        secret=given["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=given["AWS_SESSION_TOKEN"],
    )
    assert client.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Function/copier"
