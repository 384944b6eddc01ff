"""Services behind one load balancer, for real: each answers on its route, and another joins. The tests go on."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.local_app import LocalApp

APP = """
from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer, PrivateRepository, PublicHttp, Rewrite, Route, RoutedFargateService, SharedLoadBalancer,
    TargetHealthCheck,
)

ROUTES = {
    "Home": Route(path="/"),
    "Api": Route(path="/api/*"),
    "Shop": Route(
        host="shop.example.com", query={"v": "2*"}, url_rewrite=Rewrite("^/old/(.*)$", "/new/$1")
    ),
}

app = cdk.App()
stack = cdk.Stack(app, "Web")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")
ingress = PublicHttp(health_check=TargetHealthCheck(path="/healthz"))
shared = SharedLoadBalancer(stack, "Shared", ingress=ingress)
for name, route in ROUTES.items():
    container = AppContainer(image, 8080, environment={"NAME": name})
    RoutedFargateService(stack, name, load_balancer=shared, route=route, container=container)
app.synth()
"""


def _rules(local_app: LocalApp) -> dict[str, Any]:
    """The rules of the listener by their ARN, without the default one."""
    [balancer] = local_app.ask("elbv2", "describe_load_balancers")["LoadBalancers"]
    arn = balancer["LoadBalancerArn"]
    [listener] = local_app.ask("elbv2", "describe_listeners", LoadBalancerArn=arn)["Listeners"]
    rules = local_app.ask("elbv2", "describe_rules", ListenerArn=listener["ListenerArn"])["Rules"]
    return {rule["RuleArn"]: rule for rule in rules if not rule["IsDefault"]}


def _groups(local_app: LocalApp) -> dict[str, Any]:
    """The target groups by their ARN."""
    return {
        group["TargetGroupArn"]: group for group in local_app.ask("elbv2", "describe_target_groups")["TargetGroups"]
    }


def test_services_answer_on_their_routes(local_app: LocalApp) -> None:
    (local_app.directory / "app.py").write_text(APP, encoding="utf-8")
    local_app.edit('bodies = {"/": f"{GREETING}\\n", "/healthz": "ok\\n"}', 'name = os.environ["NAME"]')
    local_app.edit('body = bodies.get(self.path.partition("?")[0])', 'body = f"{name}: {self.path}\\n"')
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert local_app.get("/") == (200, "Home: /\n")
    assert local_app.get("/api/orders/7") == (200, "Api: /api/orders/7\n")
    assert len(local_app.containers()) == 6


def test_each_service_has_its_own_url(local_app: LocalApp) -> None:
    address = f"http://{local_app.host}:{local_app.port}"
    services = json.loads(local_app.run("status", "--format", "json").stdout)["services"]
    assert {service["service"]: service["url"] for service in services} == {
        "Web/Home": f"{address}/",
        "Web/Api": f"{address}/api/",
        "Web/Shop": f"http://shop.example.com.{local_app.host}:{local_app.port}/?v=2",
    }


def test_a_host_and_a_query_lead_to_their_service(local_app: LocalApp) -> None:
    shop = LocalApp(local_app.directory, local_app.port)
    shop.__dict__["host"] = f"shop.example.com.{local_app.host}"
    assert shop.get("/?v=21") == (200, "Shop: /?v=21\n")
    assert shop.get("/?v=1") == (200, "Home: /?v=1\n")


def test_a_task_gets_the_url_that_the_rule_makes(local_app: LocalApp) -> None:
    shop = LocalApp(local_app.directory, local_app.port)
    shop.__dict__["host"] = f"shop.example.com.{local_app.host}"
    assert shop.get("/old/a%20b?v=21&x=%2F") == (200, "Shop: /new/a%20b?v=21&x=%2F\n")


def test_an_unknown_path_gets_the_default_answer(local_app: LocalApp) -> None:
    for path in ("/nowhere", "/api", "/apis/orders"):
        assert local_app.get(path) == (404, "Not found\n")


def test_a_further_one_joins_without_a_change_to_the_others(local_app: LocalApp) -> None:
    before, groups = _rules(local_app), _groups(local_app)
    assert len(before) == 3
    app = local_app.directory / "app.py"
    text = app.read_text(encoding="utf-8")
    app.write_text(text.replace('"Home":', '"Admin": Route(path="/api/admin/*"), "Home":'), encoding="utf-8")
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    after = _rules(local_app)
    assert {arn: after[arn] for arn in before} == before
    assert len(after) == 4
    now = _groups(local_app)
    assert {arn: now[arn] for arn in groups} == groups
    assert len(now) == 4
    assert local_app.get("/api/admin/users") == (200, "Admin: /api/admin/users\n")
    assert local_app.get("/api/orders/7") == (200, "Api: /api/orders/7\n")
    assert local_app.get("/") == (200, "Home: /\n")


def test_down_leaves_nothing(local_app: LocalApp) -> None:
    assert local_app.run("down").returncode == 0
    assert not local_app.leftovers()
