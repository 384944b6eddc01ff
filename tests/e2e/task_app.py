"""The app of ``test_task.py``: three tasks; a container beside the application, and a secret in its environment."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    Sidecar,
    TargetHealthCheck,
    TaskSize,
)

# Answers "/" with the secret of its environment and with what the container beside it says on localhost.
FRONT = """
import http.server, json, os, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
class Front(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with direct.open("http://localhost:9090/", timeout=5) as answer:
            beside = answer.read().decode()
        text = json.dumps({"secret": os.environ["API_KEY"], "beside": beside, "task": os.uname().nodename})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Front).serve_forever()
"""

app = cdk.App()
stack = cdk.Stack(app, "Web")
secret = secretsmanager.Secret(
    stack,
    "Key",
    generate_secret_string=secretsmanager.SecretStringGenerator(
        secret_string_template='{"user": "shop"}',  # noqa: S106 - the rest of the secret, not its value
        generate_string_key="key",
    ),
)
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")
LoadBalancedFargateService(
    stack,
    "Web",
    container=AppContainer(
        image,
        8080,
        entry_point=["python", "-c"],
        command=[FRONT],
        secrets={"API_KEY": ecs.Secret.from_secrets_manager(secret, "key")},
        depends_on={"beside": ecs.ContainerDependencyCondition.START},
        memory_limit_mib=256,
    ),
    sidecars=[Sidecar("beside", image, environment={"PORT": "9090"}, ports=[9090], memory_limit_mib=256)],
    size=TaskSize(),
    desired_count=3,
    ingress=PublicHttp(health_check=TargetHealthCheck(path="/")),
)
app.synth()
