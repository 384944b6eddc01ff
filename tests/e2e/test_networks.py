"""Networks, for real: for each fault a template that deployed and ran before and fails now, beside one that runs."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 60


class Vpcs:
    """The deployed app, with a task in each place."""

    def __init__(self, app: LocalApp) -> None:
        """Start a task in each place, and wait until each runs or has stopped."""
        self.app = app
        [stack] = app.ask("cloudformation", "describe_stacks", StackName="Web")["Stacks"]
        places = {
            each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"] if "subnets" in each["OutputValue"]
        }
        with ThreadPoolExecutor(4) as executor:
            started = executor.map(self._start, places.values())
            self._tasks = dict(zip(places, started, strict=True))

    def _start(self, placement: str) -> str:
        configuration = {"awsvpcConfiguration": json.loads(placement)}
        request = {"cluster": "networks", "taskDefinition": "probe", "launchType": "FARGATE"}
        [task] = self.app.ask("ecs", "run_task", **request, networkConfiguration=configuration)["tasks"]
        return str(task["taskArn"])

    def task(self, place: str) -> dict[str, Any]:
        """The task in a place, once it runs or has stopped."""
        deadline = time.monotonic() + _SECONDS
        while True:
            [task] = self.app.ask("ecs", "describe_tasks", cluster="networks", tasks=[self._tasks[place]])["tasks"]
            if task["lastStatus"] in {"RUNNING", "STOPPED"}:
                return dict(task)
            assert time.monotonic() < deadline, task
            time.sleep(0.2)

    def behind(self, balancer: str) -> tuple[dict[str, str], int, str]:
        """Register the task behind a load balancer; return its health, and what a client is answered."""
        task = self.task(f"{balancer}Place")
        details = [each for attachment in task["attachments"] for each in attachment["details"]]
        [address] = [each["value"] for each in details if each["name"] == "privateIPv4Address"]
        [group] = self.app.ask("elbv2", "describe_target_groups", Names=[balancer])["TargetGroups"]
        arn, target = group["TargetGroupArn"], [{"Id": address, "Port": 8080}]
        self.app.ask("elbv2", "register_targets", TargetGroupArn=arn, Targets=target)
        deadline = time.monotonic() + 10
        while True:
            answer = self.app.ask("elbv2", "describe_target_health", TargetGroupArn=arn)
            [health] = [each["TargetHealth"] for each in answer["TargetHealthDescriptions"]]
            starting = health.get("Reason") == "Target.FailedHealthChecks"  # the application does not listen yet
            if not starting or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        status, body = self.app.get("/", host=f"{balancer.lower()}.alb.localhost")
        return health, status, body


@pytest.fixture(scope="module")
def vpcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vpcs]:
    """All VPCs in one stack; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("networks") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "networks_app.py", folder / "app.py")
    app = LocalApp(folder, free_port())
    done = app.run("up")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield Vpcs(app)
    finally:
        app.run("down")
    assert not app.leftovers()


_LOGIN = (
    "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR"
)
_SECRET = "There is a connection issue between the task and AWS Secrets Manager"  # noqa: S105 - AWS's words


@pytest.mark.parametrize(
    ("runs", "fails", "reason"),
    [
        ("PublicAddress", "NoPublicAddress", _SECRET),
        ("EgressHttps", "EgressClosed", _SECRET),
        ("AclOpen", "AclWithoutAnswers", _SECRET),
        ("Nat", "NatNowhere", "context deadline exceeded"),
        ("Endpoints", "EndpointsClosed", _SECRET),
        ("Endpoints", "WithoutSecretsmanager", _SECRET),
        ("Endpoints", "WithoutEcrapi", _LOGIN),
        ("Endpoints", "WithoutLogs", "There is a connection issue between the task and Amazon CloudWatch"),
        ("Endpoints", "WithoutEcrdkr", "CannotPullContainerError: The task cannot pull"),
        ("Endpoints", "WithoutS3", "failed to copy: httpReadSeeker: failed open: failed to do request: Get"),
    ],
)
def test_a_task_without_a_way_does_not_start(vpcs: Vpcs, runs: str, fails: str, reason: str) -> None:
    assert vpcs.task(runs)["lastStatus"] == "RUNNING", vpcs.task(runs)["stoppedReason"]
    stopped = vpcs.task(fails)
    assert (stopped["lastStatus"], stopped["stopCode"]) == ("STOPPED", "TaskFailedToStart")
    assert reason in stopped["stoppedReason"]


@pytest.mark.parametrize("fault", ["LbIngress", "LbEgress"])
def test_a_load_balancer_without_the_rule_does_not_reach_the_task(vpcs: Vpcs, fault: str) -> None:
    health, status, body = vpcs.behind("LbOpen")
    assert (health["State"], status) == ("healthy", 200), body
    health, status, body = vpcs.behind(fault)
    assert (health["State"], health["Reason"]) == ("unhealthy", "Target.Timeout")
    assert (status, "504 Gateway Time-out" in body) == (504, True)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("LbClients", "no inbound rule of security group"), ("LbSubnets", "has no route to an internet gateway")],
)
def test_clients_do_not_reach_a_load_balancer_that_is_closed(vpcs: Vpcs, fault: str, reason: str) -> None:
    assert vpcs.behind("LbOpen")[1] == 200
    health, status, body = vpcs.behind(fault)
    assert health["State"] == "healthy", "the way from it to the task is open"
    assert status == 504
    assert reason in body


DOMAIN = "shop.example.com"
LOCAL = f"{DOMAIN}.secure.alb.localhost"


def _https(app: LocalApp, name: str, *, trusted: bool = True) -> int:
    """The status of ``GET https://name/`` with the instance's authority."""
    context = ssl.create_default_context(cafile=str(app.instance.authority.file) if trusted else None)
    port = app.memory.https_port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = context.wrap_socket(plain, server_hostname=name)
        with contextlib.closing(connection):
            connection.request("GET", "/", headers={"Host": f"{name}:{port}"})
            return connection.getresponse().status


@pytest.mark.parametrize("name", [LOCAL, DOMAIN])
def test_https_is_served_with_the_certificate_of_the_domain(vpcs: Vpcs, name: str) -> None:
    vpcs.behind("Secure")
    assert vpcs.app.run("certificate").stdout.strip() == str(vpcs.app.instance.authority.file)
    assert _https(vpcs.app, name) == 200


@pytest.mark.parametrize("name", ["secure.alb.localhost", f"other.{LOCAL}", f"www.{DOMAIN}", "other.example.org"])
def test_another_name_is_not_in_the_certificate(vpcs: Vpcs, name: str) -> None:
    assert _https(vpcs.app, LOCAL) in {200, 502, 503, 504}
    with pytest.raises(ssl.SSLError):
        _https(vpcs.app, name)


def test_without_the_authority_the_certificate_is_not_trusted(vpcs: Vpcs) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer certificate"):
        _https(vpcs.app, LOCAL, trusted=False)


def test_plain_http_is_redirected_and_not_answered_by_the_https_listener(vpcs: Vpcs) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", vpcs.app.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/a?b=c", headers={"Host": f"{LOCAL}:{vpcs.app.port}"})
        answer = connection.getresponse()
    expected = f"https://{LOCAL}:{vpcs.app.memory.https_port}/a?b=c"
    assert (answer.status, answer.headers["Location"]) == (301, expected)
    status, body = vpcs.app.get("/", host="443.secure.alb.localhost")
    assert (status, "The plain HTTP request was sent to HTTPS port" in body) == (400, True)


def test_the_url_is_that_of_the_domain(vpcs: Vpcs) -> None:
    urls = vpcs.app.run("url").stdout.split()
    assert f"https://{LOCAL}:{vpcs.app.memory.https_port}/" in urls
    assert f"http://lbopen.alb.localhost:{vpcs.app.port}/" in urls


def test_explain_names_what_to_add(vpcs: Vpcs) -> None:
    vpcs.behind("LbIngress")
    done = vpcs.app.run("explain", "--format", "json")
    assert done.returncode == 3, done.stderr
    fixes = [each["fix"] for each in json.loads(done.stdout) if each["cause"] == "blocked by the network"]
    assert any("add the interface endpoint com.amazonaws.us-east-1.ecr.dkr with private DNS" in fix for fix in fixes)
    assert any("add an inbound rule for TCP port 8080 from sg-" in fix for fix in fixes)
