"""Whatever is refused leaves nothing behind, whoever refuses it: tree, notes and permissions are as before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    ConfigurationError,
    Ec2Capacity,
    EcrFargateService,
    EnhancedScanning,
    ExistingLoadBalancer,
    FixedResponse,
    ImageRepositoryStack,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Posture,
    PrivateRepository,
    PublicHttp,
    RegistrySettings,
    Route,
    RoutedFargateService,
    ServiceAlarms,
    SharedLoadBalancer,
    TestTrafficPort,
)
from ecr_fargate_constructs.observability.alarm_factory import AlarmFactory
from ecr_fargate_constructs.posture import CONTEXT
from ecr_fargate_constructs.service import base, foundation, routed_base
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE = "public.ecr.aws/nginx/nginx:1.29"
RAISED = "MadeUp: CDK says no"


def _paths(app: cdk.App) -> list[str]:
    return [each.node.path for each in app.node.find_all()]


def _stack(**options: Any) -> cdk.Stack:  # noqa: ANN401 - passed on
    app = cdk.App()
    return cdk.Stack(app, "Stack", **options)


def _refuse(*_: object, **__: object) -> Any:  # noqa: ANN401 - stands for anything
    raise RuntimeError(RAISED)


def _finish_and_refuse(*args: Any) -> None:  # noqa: ANN401 - passed on
    foundation.finish(*args)
    _refuse()


@pytest.fixture
def cdk_refuses_last(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make CDK refuse services when they are all but complete; call what is returned to have it take them again."""
    monkeypatch.setattr(base, "finish", _refuse)
    monkeypatch.setattr(routed_base, "finish", _refuse)
    return monkeypatch.undo


def _front(stack: cdk.Stack, folder: Path, construct_id: str = "Web", **options: Any) -> EcrFargateService:  # noqa: ANN401
    return EcrFargateService(
        stack,
        construct_id,
        directory=make_app(folder / construct_id),
        container_port=80,
        **{"ingress": PublicHttp(), **options},
    )


def _routed(stack: cdk.Stack, shared: SharedLoadBalancer, construct_id: str, path: str) -> RoutedFargateService:
    return RoutedFargateService(
        stack, construct_id, load_balancer=shared, route=Route(path=path), container=AppContainer(IMAGE, 80)
    )


@pytest.mark.parametrize("posture", list(Posture))
def test_a_first_service_leaves_an_empty_stack(
    posture: Posture, tmp_path: Path, cdk_refuses_last: Callable[[], None]
) -> None:
    stack = _stack()
    posture.apply_to(stack)
    with pytest.raises(ConfigurationError, match=r"^\[Stack/Web\] CDK refuses it: MadeUp: CDK says no$"):
        _front(stack, tmp_path)
    assert not stack.node.children
    cdk_refuses_last()
    _front(stack, tmp_path)
    # As if nothing had been tried before.
    other = _stack()
    posture.apply_to(other)
    _front(other, tmp_path)
    assert Template.from_stack(stack).to_json() == Template.from_stack(other).to_json()


def test_a_further_service_leaves_the_others_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = _stack()
    _front(stack, tmp_path, "First")
    imported = ec2.Vpc.from_vpc_attributes(stack, "Imported", vpc_id="vpc-1", availability_zones=["a"])
    before = _paths(stack.node.root)  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setattr(base, "finish", _refuse)
        with pytest.raises(ConfigurationError, match="CDK says no"):
            _front(stack, tmp_path, "Refused")
    assert _paths(stack.node.root) == before  # type: ignore[arg-type]
    assert stack.node.try_find_child("Imported") is not None
    assert imported.vpc_id == "vpc-1"
    template = Template.from_stack(stack).to_json()
    assert "Refused" not in str(template)


def test_a_refused_service_on_machines_is_forgotten_by_its_cluster(cdk_refuses_last: Callable[[], None]) -> None:
    stack = _stack()
    cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"))
    before = _paths(stack.node.root)  # type: ignore[arg-type]

    def make() -> object:
        container = AppContainer(IMAGE, 80, memory_limit_mib=512)
        return LoadBalancedEc2Service(
            stack, "Web", container=container, cluster=cluster, capacity=Ec2Capacity(), ingress=PublicHttp()
        )

    with pytest.raises(ConfigurationError, match="CDK says no"):
        make()
    assert _paths(stack.node.root) == before  # type: ignore[arg-type]
    cdk_refuses_last()
    make()
    text = str(Template.from_stack(stack).to_json())
    assert text.count("'CapacityProviders': [") == 1
    (made,) = Template.from_stack(stack).find_resources("AWS::ECS::ClusterCapacityProviderAssociations").values()
    assert len(made["Properties"]["CapacityProviders"]) == 1


def test_a_refused_route_is_free_again(cdk_refuses_last: Callable[[], None]) -> None:
    stack = _stack()
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    before = _paths(stack.node.root)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="CDK says no"):
        _routed(stack, shared, "Api", "/api/*")
    assert _paths(stack.node.root) == before  # type: ignore[arg-type]
    cdk_refuses_last()
    _routed(stack, shared, "Other", "/api/*")
    _routed(stack, shared, "Api", "/more/*")
    with pytest.raises(ConfigurationError, match="is also the route of Stack/Other"):
        _routed(stack, shared, "Third", "/api/*")
    Template.from_stack(stack)


def test_the_route_of_a_service_that_was_taken_out_is_free_again() -> None:
    stack = _stack()
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    _routed(stack, shared, "Api", "/api/*")
    stack.node.try_remove_child("Api")
    _routed(stack, shared, "Other", "/api/*")


def test_methods_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = _stack()
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    api = _routed(stack, shared, "Api", "/api/*")
    before = _paths(stack.node.root)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="construct_id='Rule' is already the id"):
        api.add_route("Rule", Route(path="/free/*"))
    with pytest.raises(ConfigurationError, match="construct_id='LB' is already the id"):
        shared.add_response("LB", Route(path="/free/*"), FixedResponse())
    with monkeypatch.context() as patch:
        patch.setattr(elbv2, "ApplicationListenerRule", _refuse)
        with pytest.raises(ConfigurationError, match=r"\[Stack/Api\] CDK refuses it: MadeUp"):
            api.add_route("More", Route(path="/free/*"))
    assert _paths(stack.node.root) == before  # type: ignore[arg-type]
    api.add_route("More", Route(path="/free/*"))


def test_a_refused_image_leaves_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = _stack()
    repository = PrivateRepository(stack, "Repository")
    repository.build_and_push_image(make_app(tmp_path / "one"))
    other = PrivateRepository(stack, "Other")
    secret = secretsmanager.Secret(stack, "Login")
    before = _paths(stack.node.root)  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setattr(cdk, "CustomResource", _refuse)
        with pytest.raises(ConfigurationError, match="CDK says no"):
            other.build_and_push_image(make_app(tmp_path / "two"))
        with pytest.raises(ConfigurationError, match="CDK says no"):
            other.mirror_image(IMAGE, credentials=secret)
    assert _paths(stack.node.root) == before  # type: ignore[arg-type]
    stack.node.try_remove_child("Other")
    assert "Other" not in str(Template.from_stack(stack).to_json())


def test_a_copier_that_was_refused_is_not_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = _stack()
    repository = PrivateRepository(stack, "Repository")
    with monkeypatch.context() as patch:
        patch.setattr(cdk, "CustomResource", _refuse)
        with pytest.raises(ConfigurationError, match="CDK says no"):
            repository.build_and_push_image(make_app(tmp_path))
    assert stack.node.try_find_child("EcrFargateImageCopier") is None
    repository.build_and_push_image(make_app(tmp_path))
    assert stack.node.try_find_child("EcrFargateImageCopier") is not None


def test_a_refused_image_is_not_pushed_directly(tmp_path: Path, cdk_refuses_last: Callable[[], None]) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Stack", synthesizer=images.synthesizer())
    with pytest.raises(ConfigurationError, match="CDK says no"):
        _front(stack, tmp_path, "One", repository=images.repository)
    assert not stack.dependencies
    cdk_refuses_last()
    made = _front(stack, tmp_path, "Two", repository=images.repository)
    assembly = app.synth()
    text = (Path(assembly.directory) / "Stack.assets.json").read_text(encoding="utf-8")
    assert str(made.image.tag) in text
    assert text.count("imageTag") == 1


def test_settings_of_a_registry_can_be_tried_again() -> None:
    stack = _stack()
    stack.node.set_context(CONTEXT, "NONSENSE")
    with pytest.raises(ConfigurationError, match="is not a posture"):
        RegistrySettings(stack, "Registry", scanning=EnhancedScanning())
    stack.node.set_context(CONTEXT, "STANDARD")
    RegistrySettings(stack, "Registry", scanning=EnhancedScanning())
    with pytest.raises(ConfigurationError, match="Stack/Registry already has settings for the registry"):
        RegistrySettings(stack, "Again", scanning=EnhancedScanning())
    stack.node.try_remove_child("Registry")
    RegistrySettings(stack, "Again", scanning=EnhancedScanning())


def test_two_stages_without_an_environment_have_a_registry_each() -> None:
    app = cdk.App()
    for name in ("Dev", "Prod"):
        RegistrySettings(cdk.Stack(cdk.Stage(app, name), "Stack"), "Registry", scanning=EnhancedScanning())


def test_the_posture_is_read_again_after_a_refusal(tmp_path: Path, cdk_refuses_last: Callable[[], None]) -> None:
    stack = _stack()
    with pytest.raises(ConfigurationError, match="CDK says no"):
        _front(stack, tmp_path)
    stack.node.set_context(CONTEXT, "REGULATED")
    cdk_refuses_last()
    _front(stack, tmp_path)
    Template.from_stack(stack).resource_count_is("AWS::KMS::Key", 1)


@pytest.mark.parametrize("kind", [KeyError, KeyboardInterrupt])
def test_errors_that_are_not_cdks_stay_what_they_are(
    kind: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        message = "not CDK's"
        raise kind(message)

    stack = _stack()
    with monkeypatch.context() as patch:
        patch.setattr(base, "finish", fail)
        with pytest.raises(kind, match="not CDK's"):
            LoadBalancedFargateService(stack, "Web", container=AppContainer(IMAGE, 80), ingress=PublicHttp())
    assert not stack.node.children
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    before = _paths(stack.node.root)  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setattr(elbv2, "ApplicationListenerRule", fail)
        with pytest.raises(kind, match="not CDK's"):
            shared.add_response("Free", Route(path="/free/*"), FixedResponse())
    assert _paths(stack.node.root) == before  # type: ignore[arg-type]
    shared.add_response("Other", Route(path="/free/*"), FixedResponse())


def test_a_refusal_between_two_images_changes_no_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def images(*, refused: bool) -> object:
        stack = _stack()
        repository = PrivateRepository(stack, "Repository")
        folder = make_app(tmp_path / "app")
        repository.build_and_push_image(folder, id="One")
        if refused:
            with monkeypatch.context() as patch:
                patch.setattr(base, "finish", _refuse)
                with pytest.raises(ConfigurationError, match="CDK says no"):
                    _front(stack, tmp_path)
        repository.build_and_push_image(folder, id="Two")
        return Template.from_stack(stack).to_json()

    assert images(refused=True) == images(refused=False)


def test_classes_that_users_derive_are_theirs() -> None:
    class Team:
        pass

    class TeamRepository(PrivateRepository):
        def __init__(self, scope: cdk.Stack, name: str, team: Team) -> None:
            self.team = team
            super().__init__(scope, name)

        def owner(self, team: Team | None = None) -> Team:
            return team or self.team

    stack = _stack()
    made = TeamRepository(stack, "Repository", Team())
    assert made.owner(Team()) is not made.owner()
    with pytest.raises(ConfigurationError, match="construct_id='Repository' is already the id"):
        TeamRepository(stack, "Repository", Team())


def test_a_listener_on_the_users_load_balancer_goes_with_the_service(cdk_refuses_last: Callable[[], None]) -> None:
    stack = _stack()
    vpc = ec2.Vpc(stack, "Vpc")
    balancer = elbv2.ApplicationLoadBalancer(stack, "Balancer", vpc=vpc, internet_facing=True)
    before = _paths(stack.node.root)  # type: ignore[arg-type]

    def make() -> object:
        way = PublicHttp(load_balancer=ExistingLoadBalancer(balancer))
        return LoadBalancedFargateService(stack, "Web", container=AppContainer(IMAGE, 80), ingress=way)

    with pytest.raises(ConfigurationError, match="CDK says no"):
        make()
    assert _paths(stack.node.root) == before  # type: ignore[arg-type]
    cdk_refuses_last()
    make()
    Template.from_stack(stack).resource_count_is("AWS::ElasticLoadBalancingV2::Listener", 1)


def _group_after(tries: int, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
    """The template with a security group of the user's, after a service was refused so often and then made."""
    stack = _stack()
    vpc = ec2.Vpc(stack, "Vpc")
    group = ec2.SecurityGroup(stack, "Mine", vpc=vpc)
    friend = ec2.SecurityGroup(stack, "Friend", vpc=vpc)
    balancer = elbv2.ApplicationLoadBalancer(stack, "Balancer", vpc=vpc, internet_facing=True, security_group=group)
    before = _paths(stack.node.root)  # type: ignore[arg-type]

    def make(peers: str) -> None:
        way = PublicHttp(load_balancer=ExistingLoadBalancer(balancer), allow_from=[ec2.Peer.ipv4(peers), friend])
        LoadBalancedFargateService(stack, "Web", container=AppContainer(IMAGE, 80), ingress=way, **options)

    for _ in range(tries):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(base, "finish", _finish_and_refuse)
            with pytest.raises(ConfigurationError, match="CDK says no"):
                make("198.51.100.0/24")
        assert _paths(stack.node.root) == before  # type: ignore[arg-type]
    make("192.0.2.0/24")
    return dict(Template.from_stack(stack).to_json())


@pytest.mark.parametrize(
    "options", [{}, {"deployment": BlueGreen(test_traffic=TestTrafficPort(port=9000))}], ids=["one", "two"]
)
def test_the_users_security_group_lets_nobody_in_for_a_service_that_was_refused(options: dict[str, Any]) -> None:
    template = _group_after(1, **options)
    assert "192.0.2.0/24" in str(template)
    assert "198.51.100.0/24" not in str(template)
    assert template == _group_after(0, **options)


def test_the_users_topic_lets_alarms_in_once_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = _stack()
    topic = sns.Topic(stack, "Topic", enforce_ssl=True)
    web = LoadBalancedFargateService(stack, "Web", container=AppContainer(IMAGE, 80), ingress=PublicHttp())
    told = AlarmFactory.above

    def refuse_afterwards(factory: AlarmFactory, *args: Any) -> None:  # noqa: ANN401 - passed on
        told(factory, *args)
        raise RuntimeError(RAISED)

    with monkeypatch.context() as patch:
        patch.setattr(AlarmFactory, "above", refuse_afterwards)
        with pytest.raises(ConfigurationError, match="CDK says no"):
            ServiceAlarms.of(web, actions={"Critical": [topic], "Warning": [topic]})
    policy = topic.node.find_child("Policy")
    assert "cloudwatch" not in str(stack.resolve(policy.document))  # type: ignore[attr-defined]
    ServiceAlarms.of(web, actions={"Critical": [topic], "Warning": [topic]})
    assert str(stack.resolve(policy.document)).count("cloudwatch") == 1  # type: ignore[attr-defined]
