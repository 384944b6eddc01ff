"""What of a compose file is never carried over, why, and what to do."""

from __future__ import annotations

from typing import TypeAlias

Reason: TypeAlias = tuple[str, str]

EXTENSION: Reason = (
    "compose itself does nothing with it; what is merged from it is in the program where it is used",
    "nothing to do, unless a tool of yours reads it",
)
NETWORKS: Reason = (
    "the services are in one VPC, and reach each other where the program lets them in",
    "look at the allow_from at the end of the program",
)
PROFILE: Reason = (
    "it has a profile, so it runs when it is asked for only",
    "take its profiles away and run the command again to have it, too",
)
_MACHINE: Reason = (
    "it is a matter of the machine, and on Fargate there is none of yours",
    "LoadBalancedEc2Service has",
)
_HOST = "it is a matter of the machine, which Fargate does not show"
_EC2: Reason = (_HOST, "use LoadBalancedEc2Service with Ec2Container, or leave it out")
_NOT_ON_ECS: Reason = ("ECS has no such option", "do it in the image")
_SHARES: Reason = ("Fargate has CPU and memory for a whole task", "give size=TaskSize(…)")
_NAMES: Reason = ("the VPC resolves names, and Service Connect those of the services", "use the services' names")

TOP: dict[str, Reason] = {
    "configs": ("ECS mounts no files from elsewhere", "copy them into the image, or hand them over as variables"),
    "include": ("only this file is read", "run the command on the result of 'docker compose config'"),
    "models": ("models are no part of ECS", "call Amazon Bedrock, or run the model's server as a service"),
}
VOLUME: dict[str, Reason] = {
    "driver": ("the program makes a file system of EFS", "nothing to do"),
    "driver_opts": ("the program makes a file system of EFS", "nothing to do"),
    "external": ("the program makes a new file system, an empty one", "move the files, with AWS DataSync"),
    "labels": ("a volume has none in the program", "cdk.Tags.of(…) on the file system"),
}
SERVICE: dict[str, Reason] = {
    **dict.fromkeys(("blkio_config", "cgroup", "cgroup_parent", "cpu_count", "cpu_percent", "cpu_period"), _EC2),
    **dict.fromkeys(("cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpuset", "device_cgroup_rules"), _EC2),
    **dict.fromkeys(("devices", "gpus", "ipc", "isolation", "mem_swappiness", "memswap_limit", "pid"), _EC2),
    **dict.fromkeys(("oom_kill_disable", "oom_score_adj", "pids_limit", "runtime", "security_opt", "uts"), _EC2),
    **dict.fromkeys(("shm_size", "storage_opt", "userns_mode", "use_api_socket", "volumes_from"), _EC2),
    **dict.fromkeys(("dns", "dns_opt", "dns_search", "domainname", "extra_hosts", "external_links"), _NAMES),
    **dict.fromkeys(("hostname", "container_name", "mac_address", "network_mode"), _NAMES),
    **dict.fromkeys(("group_add", "label_file", "post_start", "pre_stop"), _NOT_ON_ECS),
    "cpu_shares": _SHARES,
    "annotations": ("ECS has labels only", "use docker_labels={…}"),
    "configs": TOP["configs"],
    "credential_spec": ("it names a file of the machine", "give ContainerRuntime(credential_specs=…)"),
    "develop": ("it is for work on one's own machine", "'cdk watch' deploys changes, with an ImageRepositoryStack"),
    "extends": ("only what stands in this file at this place is read", "run it on what 'docker compose config' prints"),
    "logging": ("lines go to CloudWatch Logs", "give logging=… another driver, such as ecs.LogDrivers.splunk(…)"),
    "models": TOP["models"],
    "networks": NETWORKS,
    "privileged": ("Fargate gives no container the rights of the machine", "use LoadBalancedEc2Service, or do without"),
    "stop_signal": ("ECS sends what the image says", "write STOPSIGNAL into the Dockerfile"),
}

_RDS = "add rds.DatabaseInstance(…), hand its secret over, and database.connections.allow_default_port_from(service)"
_CACHE = "add an ElastiCache cache, and let the services in"
_STORES = {
    **dict.fromkeys(
        ("postgres", "postgresql", "postgis", "timescaledb", "mysql", "mariadb", "percona", "mssql/server"), _RDS
    ),
    **dict.fromkeys(("redis", "valkey", "memcached"), _CACHE),
    "mongo": "add an Amazon DocumentDB cluster, and let the services in",
    "rabbitmq": "add an Amazon MQ broker, and let the services in",
    "elasticsearch": "add an OpenSearch domain, and let the services in",
    "opensearch": "add an OpenSearch domain, and let the services in",
    "cassandra": "use Amazon Keyspaces",
    "minio": "add s3.Bucket(…), and bucket.grant_read_write(service)",
    "localstack": "the services of AWS are there themselves",
    "dynamodb-local": "add dynamodb.TableV2(…), and table.grant_read_write_data(service)",
}


def store(kind: str) -> Reason:
    """Why a data store is left out."""
    return (
        f"{kind} keeps data, which should outlive a task, and AWS has it as a service of its own",
        _STORES.get(kind, "use the service of AWS"),
    )
