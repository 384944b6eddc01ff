"""Seed files, and stubs for what templates refer to and no stack makes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs.local import seeds
from ecr_fargate_constructs.local.instance import Instance, Memory
from ecr_fargate_constructs.local.seeds import seeding
from ecr_fargate_constructs.local.seeds.references import text
from ecr_fargate_constructs.tools.errors import ToolError
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HERE = ("111122223333", "eu-west-1")
ACCOUNT, REGION = {"Ref": "AWS::AccountId"}, {"Ref": "AWS::Region"}


def _join(*parts: Any) -> dict[str, Any]:  # noqa: ANN401 - a template
    return {"Fn::Join": ["", list(parts)]}


def _secret(name: str, *, account: Any = ACCOUNT) -> Any:  # noqa: ANN401
    return _join("arn:", {"Ref": "AWS::Partition"}, ":secretsmanager:", REGION, ":", account, f":secret:{name}")


def _stubs(
    folder: Path,
    *resources: tuple[str, dict[str, Any]],
    parameters: dict[str, Any] | None = None,
    environment: str = "unknown-account/unknown-region",
) -> seeds.Seeds:
    template = {
        "Parameters": parameters or {},
        "Resources": {f"R{n}": {"Type": kind, "Properties": has} for n, (kind, has) in enumerate(resources)},
    }
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{environment}",
        "properties": {"templateFile": "template.json"},
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"Web": stack}}), encoding="utf-8")
    (folder / "template.json").write_text(json.dumps(template), encoding="utf-8")
    return seeds.stubs(folder)


def _task(*values: Any, image: Any = "nginx:1.27") -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    containers = [{"Image": image, "Secrets": [{"Name": "A", "ValueFrom": value} for value in values]}]
    return "AWS::ECS::TaskDefinition", {"ContainerDefinitions": containers}


def test_secrets_by_name_have_a_stub_with_the_fields_that_are_read(tmp_path: Path) -> None:
    found = _stubs(tmp_path, _task(_secret("prod/key"), _secret("prod/user:name::"), _secret("prod/user:password::")))
    assert set(found.secrets) == {"prod/key", "prod/user"}
    assert set(json.loads(found.secrets["prod/user"])) == {"name", "password"}
    assert len(found.secrets["prod/key"]) == 32
    assert found.stubs


def test_a_secret_of_a_fixed_account_keeps_its_arn(tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/key-AbCdEf"
    assert set(_stubs(tmp_path, _task(f"{arn}:field::")).secrets) == {arn}


@pytest.mark.parametrize(("name", "own"), [("prod/key", True), ("prod/key-AbCdEf", False)])
def test_a_secret_of_the_stacks_own_account_goes_by_its_name(tmp_path: Path, name: str, *, own: bool) -> None:
    arn = f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}"
    found = _stubs(tmp_path, _task(arn), environment="111122223333/eu-west-1")
    assert set(found.secrets) == {name if own else arn}


def _asked(folder: Path, *missing: tuple[str, dict[str, Any]]) -> Path:
    here = {"account": "111122223333", "region": "eu-west-1"}
    listed = [{"key": provider, "provider": provider, "props": here | props} for provider, props in missing]
    (folder / "manifest.json").write_text(json.dumps({"missing": listed}), encoding="utf-8")
    return folder


def test_lookups_in_vain_have_stubs(tmp_path: Path) -> None:
    found = seeds.lookups(
        _asked(
            tmp_path,
            ("hosted-zone", {"domainName": "example.com"}),
            ("hosted-zone", {"domainName": "private.example", "vpcId": "vpc-1"}),
            ("hosted-zone", {"domainName": "later.example", "vpcId": "vpc-12345"}),  # its VPC is not known yet
            ("ssm", {"parameterName": "/prod/url"}),
            ("vpc-provider", {"filter": {"tag:Name": "prod"}}),
            ("vpc-provider", {"filter": {"vpc-id": "vpc-1"}}),
            ("ami", {"filters": {}}),
            ("ssm", {"parameterName": "/other/region", "region": "eu-west-2"}),
            ("ssm", {"parameterName": "/other/account", "account": "444455556666"}),
        ),
        *HERE,
    )
    assert found.zones == (seeds.Zone("example.com"), seeds.Zone("private.example", vpc="vpc-1"))
    assert set(found.parameters) == {"/prod/url"}
    assert found.vpcs == ("prod",)
    assert found.stubs


def test_an_app_that_failed_has_looked_nothing_up(tmp_path: Path) -> None:
    assert seeds.lookups(tmp_path, *HERE) == seeds.Seeds(stubs=True)
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert seeds.lookups(tmp_path, *HERE) == seeds.Seeds(stubs=True)


@pytest.mark.parametrize("before", [None, '{"zones": ["a"]}'])
def test_what_is_looked_up_here_does_not_stay_in_the_apps_context(tmp_path: Path, before: str | None) -> None:
    file = tmp_path / "cdk.context.json"
    if before is not None:
        file.write_text(before, encoding="utf-8")

    def synthesize() -> None:
        with seeds.context_kept(tmp_path):
            file.write_text('{"zones": ["of the embedded AWS"]}', encoding="utf-8")
            raise ToolError("it failed afterwards")

    with pytest.raises(ToolError):
        synthesize()
    assert (file.read_text(encoding="utf-8") if file.exists() else None) == before


def test_parameters_are_those_of_containers_of_the_template_and_of_references(tmp_path: Path) -> None:
    arn = _join("arn:aws:ssm:", REGION, ":", ACCOUNT, ":parameter/prod/url")
    plain = _join("arn:aws:ssm:", REGION, ":", ACCOUNT, ":parameter/plain")
    parameters = {
        "Name": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/prod/name"},
        "Many": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/prod/many"},
        "Bootstrap": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"},
        "Machine": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/aws/service/ecs/ami"},
        "Own": {"Type": "String", "Default": "/not/one"},
    }
    queue = ("AWS::SQS::Queue", {"QueueName": "{{resolve:ssm:/prod/queue:3}}"})
    found = _stubs(tmp_path, _task(arn, plain), queue, parameters=parameters)
    assert set(found.parameters) == {"/prod/url", "plain", "/prod/name", "/prod/many", "/prod/queue"}
    assert isinstance(found.parameters["/prod/many"], tuple)


def test_dynamic_references_to_secrets(tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/third-AbCdEf"
    values = [
        "{{resolve:secretsmanager:prod/first}}",
        "{{resolve:secretsmanager:prod/second:SecretString:user::}}",
        f"{{{{resolve:secretsmanager:{arn}:SecretString:password::}}}}",
        _join("{{resolve:secretsmanager:", {"Ref": "R0"}, ":SecretString:::}}"),
    ]
    found = _stubs(tmp_path, ("AWS::RDS::DBInstance", {"MasterUsername": values}))
    assert set(found.secrets) == {"prod/first", "prod/second", arn}
    assert set(json.loads(found.secrets["prod/second"])) == {"user"}
    assert set(json.loads(found.secrets[arn])) == {"password"}


def test_what_a_stack_makes_has_no_stub(tmp_path: Path) -> None:
    image = _join(ACCOUNT, ".dkr.ecr.", REGION, ".", {"Ref": "AWS::URLSuffix"}, "/made:1")
    found = _stubs(
        tmp_path,
        ("AWS::SecretsManager::Secret", {"Name": "prod/key"}),
        ("AWS::SSM::Parameter", {"Name": "/prod/url"}),
        ("AWS::ECR::Repository", {"RepositoryName": "made"}),
        _task(_secret("prod/key"), "arn:aws:ssm:us-east-1:111122223333:parameter/prod/url", image=image),
    )
    assert (found.secrets, found.parameters, found.images) == ({}, {}, {})


def test_an_image_that_the_app_builds_is_no_image_that_is_missing(tmp_path: Path) -> None:
    home = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
    image = {"Fn::Sub": f"{home}/assets-${{AWS::AccountId}}-${{AWS::Region}}:1"}
    assert set(_stubs(tmp_path, _task(image=image)).images) == {"assets-${account}-${region}:1"}
    place = {"repositoryName": "assets-${AWS::AccountId}-${AWS::Region}", "imageTag": "1"}
    built = {"source": {"directory": "."}, "destinations": {"current": place}}
    (tmp_path / "assets.json").write_text(json.dumps({"dockerImages": {"a": built}}), encoding="utf-8")
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    manifest["artifacts"]["Web"]["dependencies"] = ["Assets"]
    manifest["artifacts"]["Assets"] = {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert seeds.stubs(tmp_path).images == {}


def test_what_a_policy_names_is_not_used(tmp_path: Path) -> None:
    statement = {"Action": "secretsmanager:GetSecretValue", "Resource": _secret("prod/key")}
    policy = ("AWS::IAM::Policy", {"PolicyDocument": {"Statement": [statement]}})
    assert not _stubs(tmp_path, policy).secrets


def test_a_zone_has_the_domain_that_its_records_share(tmp_path: Path) -> None:
    alias = {"DNSName": "d1.cloudfront.net", "HostedZoneId": "Z2FDTNDATAQYW2"}
    found = _stubs(
        tmp_path,
        ("AWS::Route53::RecordSet", {"HostedZoneId": "Z1", "Name": "shop.example.com.", "AliasTarget": alias}),
        ("AWS::Route53::RecordSet", {"HostedZoneId": "Z1", "Name": "www.example.com."}),
        ("AWS::Route53::RecordSet", {"HostedZoneId": {"Ref": "Own"}, "Name": "own.example.org."}),
        (
            "AWS::CertificateManager::Certificate",
            {"DomainValidationOptions": [{"DomainName": "example.net", "HostedZoneId": "Z2"}]},
        ),
    )
    assert found.zones == (seeds.Zone("example.com", "Z1"), seeds.Zone("example.net", "Z2"))


def test_an_image_of_the_private_registry_has_an_entry_and_no_stub(tmp_path: Path) -> None:
    image = _join(ACCOUNT, ".dkr.ecr.", REGION, ".", {"Ref": "AWS::URLSuffix"}, "/team/shop:1.2")
    assert _stubs(tmp_path, _task(image=image)).images == {"team/shop:1.2": ""}
    assert not _stubs(tmp_path, _task(image="public.ecr.aws/nginx/nginx:1.27")).images


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ("plain", "plain"),
        ({"Fn::Sub": "${AWS::AccountId}-x"}, "${account}-x"),
        ({"Fn::Sub": "${Other}-x"}, None),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}, "a-${region}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Other"}]]}, None),
        ({"Fn::GetAtt": ["Other", "Arn"]}, None),
        (3, None),
    ],
)
def test_texts_are_read_as_far_as_nothing_has_to_be_made(node: Any, value: str | None) -> None:  # noqa: ANN401
    assert text(node) == value


A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
PROFILE = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/shop"
FILE = f"""
secrets:
  prod/key: text
  prod/user: {{name: shop, port: 5432}}
parameters:
  /prod/url: http://localhost
  /prod/many: [a, b]
zones:
  example.com: Z0123456789EXAMPLE
  example.org.:
images:
  team/shop:1.2: public.ecr.aws/nginx/nginx:1.27
findings:
  {A}: {{CVE-2026-0001: CRITICAL}}
  {B}: {{}}
  {C}: UNSUPPORTED_IMAGE
signatures:
  team/shop@{A}: {PROFILE}
"""


def _file(folder: Path, content: str) -> Path:
    file = folder / "seeds.yaml"
    file.write_text(content, encoding="utf-8")
    return file


def test_the_seed_file_of_the_documentation_is_read() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "local.md").read_text(encoding="utf-8"), re.DOTALL)
    file = ROOT / "examples" / "seeds.yaml"
    assert file.read_text(encoding="utf-8") == block
    found = seeds.read(file)
    assert json.loads(found.secrets["prod/database"]) == {"user": "shop", "password": "local"}
    assert found.parameters["/prod/regions"] == ("eu-west-1", "us-east-1")
    assert found.zones == (seeds.Zone("example.com", "Z0123456789EXAMPLE"),)
    assert found.images == {"team/shop:1.2": "public.ecr.aws/nginx/nginx:1.29"}


def test_a_seed_file_is_read(tmp_path: Path) -> None:
    assert seeds.read(_file(tmp_path, FILE)) == seeds.Seeds(
        secrets={"prod/key": "text", "prod/user": '{"name": "shop", "port": 5432}'},
        parameters={"/prod/url": "http://localhost", "/prod/many": ("a", "b")},
        zones=(seeds.Zone("example.com", "Z0123456789EXAMPLE"), seeds.Zone("example.org")),
        images={"team/shop:1.2": "public.ecr.aws/nginx/nginx:1.27"},
        findings={A: {"CVE-2026-0001": "CRITICAL"}, B: {}, C: "UNSUPPORTED_IMAGE"},
        signatures={f"team/shop@{A}": (PROFILE,)},
    )


def test_a_part_may_be_empty(tmp_path: Path) -> None:
    assert seeds.read(_file(tmp_path, "secrets:\nzones: {}\n")) == seeds.Seeds()


def test_json_is_yaml(tmp_path: Path) -> None:
    assert seeds.read(_file(tmp_path, '{"secrets": {"prod/key": "text"}}')).secrets == {"prod/key": "text"}


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("", "it is empty"),
        ("- a", "it is not a mapping"),
        ("a: [", "is not YAML"),
        ("secret: {a: b}", "'secret' is not one of secrets, parameters, zones, images, findings and signatures"),
        ("secrets: [a]", "secrets is not a mapping of names"),
        ("secrets: {1: a}", "secrets is not a mapping of names"),
        ("secrets: {key: 1234}", "secrets.key is of type int"),
        ("secrets: {key: }", "secrets.key is empty"),
        ("secrets: {key: {day: 2026-01-01}}", "secrets.key has a value that JSON does not support"),
        ("parameters: {url: 8080}", "parameters.url is of type int"),
        ("parameters: {urls: []}", "parameters.urls is empty"),
        ("zones: {example.com: example}", "zones.example.com is 'example'"),
        ("images: {shop: nginx}", "images has 'shop'"),
        ("images: {'shop:1': 3}", "images.shop:1 is of type int"),
        ("findings: {shop: {}}", "findings has 'shop'"),
        (f"findings: {{'{A}': {{CVE-2026-0001: BAD}}}}", "is {'CVE-2026-0001': 'BAD'}"),
        (f"findings: {{'{A}': COMPLETE}}", "is 'COMPLETE'"),
        (f"signatures: {{'{A}': '{PROFILE}'}}", "signatures has"),
        (f"signatures: {{'shop@{A}': shop}}", "is 'shop'"),
    ],
)
def test_a_wrong_seed_file_is_refused_and_the_place_named(tmp_path: Path, content: str, cause: str) -> None:
    file = _file(tmp_path, content)
    with pytest.raises(ToolError) as refused:
        seeds.read(file)
    assert str(file) in refused.value.cause
    assert cause in refused.value.cause
    assert "1234" not in refused.value.cause


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be read: No such file"):
        seeds.read(tmp_path / "seeds.yaml")


def test_verdicts_about_images_are_sent_to_the_embedded_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(seeding, "Cloud", lambda _instance: None)
    monkeypatch.setattr(seeding, "post", lambda _instance, _memory, path, content: sent.append((path, content)))
    instance = Instance(tmp_path, 4566, "000000004566", "us-east-1")
    Memory(instance.account, instance.region, "podman", "").save(instance)
    found = seeds.Seeds(findings={A: {"CVE-2026-0001": "HIGH"}}, signatures={f"shop@{A}": (PROFILE,)})
    assert seeds.put(instance, found) == [f"the scan of {A} is ready", f"the signatures of shop@{A} are ready"]
    content = {"findings": {A: {"CVE-2026-0001": "HIGH"}}, "signatures": {f"shop@{A}": [PROFILE]}}
    assert sent == [("/_ministack/verdicts", content)]
    assert seeds.put(instance, seeds.Seeds()) == []


def test_what_the_embedded_aws_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class _Refusing:
        def __init__(self, _instance: object) -> None:
            """Ask nobody."""

        def client(self, _name: str) -> Any:  # noqa: ANN401 - as boto3's
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "too long"}}, "PutParameter")

    monkeypatch.setattr(seeding, "Cloud", _Refusing)
    instance = Instance(tmp_path, 4566, "000000004566", "us-east-1")
    with pytest.raises(ToolError, match=r"refused a seed: .*PutParameter.*too long"):
        seeds.put(instance, seeds.Seeds(parameters={"/prod/url": "a"}))
