"""The app of ``test_on_aws.py``: a task that uses a table, a queue, a bucket and a generated secret of its stack."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

from ecr_fargate_constructs import (
    AppContainer,
    InternalHttp,
    LoadBalancedFargateService,
    PrivateRepository,
    Sidecar,
    TargetHealthCheck,
    TaskSize,
)

# Answers "/" with what it has seen of AWS; every client is made as the documentation of boto3 has it, without options.
# "/beside" is what the container beside it has seen.
SERVER = """
import http.server, json, os, urllib.request

import boto3

def metadata(path):
    with urllib.request.urlopen(os.environ["ECS_CONTAINER_METADATA_URI_V4"] + path, timeout=5) as answer:
        return json.load(answer)

def seen():
    boto3.resource("dynamodb").Table(os.environ["TABLE"]).put_item(Item={"id": "1", "text": "stored"})
    item = boto3.resource("dynamodb").Table(os.environ["TABLE"]).get_item(Key={"id": "1"})["Item"]
    queue = boto3.resource("sqs").Queue(os.environ["QUEUE"])
    queue.send_message(MessageBody="sent")
    messages = queue.receive_messages(WaitTimeSeconds=5)
    for message in messages:
        message.delete()
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="a/b", Body=b"kept")
    return {
        "identity": boto3.client("sts").get_caller_identity()["Arn"],
        "item": item["text"],
        "message": [message.body for message in messages],
        "object": boto3.client("s3").get_object(Bucket=os.environ["BUCKET"], Key="a/b")["Body"].read().decode(),
        "secret": os.environ["KEY"],
        "region": [os.environ["AWS_REGION"], os.environ["AWS_DEFAULT_REGION"]],
        "platform": os.environ["AWS_EXECUTION_ENV"],
        "container": [metadata("")["Name"], metadata("")["ContainerARN"]],
        "task": metadata("/task")["TaskARN"],
        "addresses": open("/proc/net/fib_trie").read(),
    }

class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            if self.path == "/beside":
                with urllib.request.urlopen("http://localhost:9090/", timeout=20) as answer:
                    status, text = 200, answer.read().decode()
            else:
                status, text = 200, json.dumps({} if self.path == "/healthz" else seen())
        except Exception as error:
            status, text = 500, repr(error)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8080"))), Server).serve_forever()
"""

app = cdk.App()
stack = cdk.Stack(app, "OnAws")
table = dynamodb.TableV2(
    stack, "Table", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
)
queue = sqs.Queue(stack, "Queue")
bucket = s3.Bucket(stack, "Bucket")
secret = secretsmanager.Secret(stack, "Key")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")
environment = {"TABLE": table.table_name, "QUEUE": queue.queue_url, "BUCKET": bucket.bucket_name}
secrets = {"KEY": ecs.Secret.from_secrets_manager(secret)}
entry = ["python", "-c"]
service = LoadBalancedFargateService(
    stack,
    "Web",
    container=AppContainer(image, 8080, entry_point=entry, command=[SERVER], environment=environment, secrets=secrets),
    sidecars=[
        Sidecar(
            "beside",
            image,
            entry_point=entry,
            command=[SERVER],
            environment={**environment, "PORT": "9090"},
            secrets=secrets,
            ports=[9090],
            memory_limit_mib=256,
        )
    ],
    size=TaskSize(),
    desired_count=2,
    ingress=InternalHttp(health_check=TargetHealthCheck(path="/healthz")),
)
role = service.task_definition.task_role
table.grant_read_write_data(role)
queue.grant_send_messages(role)
queue.grant_consume_messages(role)
bucket.grant_read_write(role)
app.synth()
