"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import Network, PrivateRepository


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Orders")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    orders_task = ecs.FargateTaskDefinition(
        stack,
        "OrdersTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    orders_logs = logs.LogGroup(stack, "OrdersLogs", retention=logs.RetentionDays.ONE_MONTH)
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image(".")
    orders_container = orders_task.add_container(
        "orders",
        image=image.container_image,
        port_mappings=[ecs.PortMapping(container_port=80)],
        environment={"COPILOT_SERVICE_NAME": "orders"},
        linux_parameters=ecs.LinuxParameters(orders_task, "OrdersLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="orders", log_group=orders_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    orders = ecs.FargateService(
        stack,
        "Orders",
        cluster=cluster,
        task_definition=orders_task,
        desired_count=1,
        min_healthy_percent=0,
        max_healthy_percent=101,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )
    orders_tasks = orders.auto_scale_task_count(min_capacity=1, max_capacity=5)
    orders_tasks.scale_on_cpu_utilization("Cpu", target_utilization_percent=60)
    orders_products_topic = sns.Topic(stack, "OrdersProductsTopic", enforce_ssl=True)
    orders_products_topic.grant_publish(orders.task_definition.task_role)
    orders_orders_topic = sns.Topic(stack, "OrdersOrdersTopic", enforce_ssl=True, fifo=True)
    orders_orders_topic.grant_publish(orders.task_definition.task_role)
    orders_container.add_environment(
        "COPILOT_SNS_TOPIC_ARNS",
        stack.to_json_string({"products": orders_products_topic.topic_arn, "orders": orders_orders_topic.topic_arn}),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
