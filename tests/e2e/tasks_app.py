"""The app of ``test_tasks_defined.py``: a migration, a health check, a shared and a writable folder."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    Mount,
    PrivateRepository,
    PublicHttp,
    SharedVolume,
    Sidecar,
    TargetHealthCheck,
    TaskSize,
)

# Copies what the migration has left to where only a declared volume lets it write, and answers with it.
WEB = """
import http.server, shutil
shutil.copy("/shared/migrated", "/declared/copy")
class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(open("/declared/copy", "rb").read())
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Web).serve_forever()
"""
ALIVE = "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://localhost:8080/')"

app = cdk.App()
stack = cdk.Stack(app, "Web")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")
shared = Mount("/shared", SharedVolume("shared"))
LoadBalancedFargateService(
    stack,
    "Web",
    container=AppContainer(
        image,
        8080,
        entry_point=["python", "-c"],
        command=[WEB],
        depends_on={"migrate": ecs.ContainerDependencyCondition.SUCCESS},
        health_check=ecs.HealthCheck(command=["CMD", "python", "-c", ALIVE], interval=cdk.Duration.seconds(5)),
        writable_paths=["/declared"],
        mounts=[shared],
    ),
    sidecars=[
        Sidecar(
            "migrate",
            image,
            essential=False,
            user="0",
            entry_point=["python", "-c"],
            command=["import time; time.sleep(1); open('/shared/migrated', 'w').write('migrated')"],
            mounts=[shared],
        )
    ],
    size=TaskSize(),
    desired_count=1,
    ingress=PublicHttp(health_check=TargetHealthCheck(path="/")),
)
app.synth()
