"""The keys of a compose file that are never carried over, each with a reason and a remedy."""

from __future__ import annotations

from typing import TypeAlias

Reason: TypeAlias = tuple[str, str]

EXTENSION: Reason = (
    "Docker Compose ignores it; the values that are merged from it are in the program where they are used",
    "nothing to do, unless one of your tools reads it",
)
NETWORKS: Reason = (
    "the services run in one VPC; security groups let those on a common network reach each other",
    "see the end of the program",
)
PROFILE: Reason = (
    "it has a profile, so it runs only on request",
    "remove its profiles and run the command again to include it in the program",
)
PROVIDER: Reason = ("it is not a container: Docker Compose asks a provider for it", "create it with CDK")
BESIDE: Reason = ("it runs in the task of the service that waits for it", "see the size of that task")
_RELEASE: Reason = ("no service calls a release command", "nothing to do")
_SIZE: Reason = (
    "a release command has the size of the service's tasks",
    "set ReleaseCommand(size=TaskSize(…)) if it needs more",
)
_EC2: Reason = (
    "it concerns the host, which Fargate hides",
    "use LoadBalancedEc2Service with Ec2Container, or do without it",
)
_NOT_ON_ECS: Reason = ("ECS has no such option", "do it in the image")
_NAMES: Reason = (
    "the VPC resolves names, and Service Connect the names of the services",
    "use a Route 53 private hosted zone for further names",
)
_ADDRESS: Reason = ("the VPC assigns the addresses", "use the names of the services")

TOP: dict[str, Reason] = {
    "configs": ("ECS mounts no such files", "copy them into the image, or pass them as variables"),
    "include": ("the command reads this file only", "run it on the output of 'docker compose config'"),
    "models": ("ECS has no models", "call Amazon Bedrock, or run the model's server as a service"),
}
VOLUME: dict[str, Reason] = {
    "driver": ("the program creates an EFS file system", "nothing to do"),
    "driver_opts": ("the program creates an EFS file system", "nothing to do"),
    "external": ("the program creates a new and empty file system", "copy the files with AWS DataSync"),
    "labels": ("the program sets no labels on a file system", "use cdk.Tags.of(…) on the file system"),
}
NETWORK: dict[str, Reason] = {
    "internal": ("the tasks may still connect to the internet", "use subnets without a NAT gateway"),
}
ATTACHMENT: dict[str, Reason] = {
    **dict.fromkeys(("ipv4_address", "ipv6_address", "link_local_ips", "mac_address"), _ADDRESS),
    **dict.fromkeys(("driver_opts", "gw_priority", "interface_name", "priority"), _EC2),
}
SECRET: dict[str, Reason] = {
    **dict.fromkeys(
        ("driver", "driver_opts", "labels", "template_driver"), ("ECS has no such option", "nothing to do")
    ),
}
BUILD: dict[str, Reason] = {
    "labels": ("CDK's image assets set no labels", "write LABEL into the Dockerfile"),
    "network": ("the builder's own network is used", "use ImageBuild(network_mode=…)"),
    "no_cache": ("an image is built only when its input changes", "use ImageBuild(cache_disabled=True)"),
    "additional_contexts": ("the command does not follow its paths", "use ImageBuild(contexts={…})"),
    "ssh": ("it names keys of the build host", "use ImageBuild(ssh='default')"),
    "secrets": ("they are files or variables of the build host", "use ImageBuild(secrets={'id': 'src=…'})"),
    "cache_to": ("it concerns the build host", "use ImageBuild(cache_to=…)"),
    "platforms": ("the command does not read them", "use ImageBuild(architecture=…), or architectures=[…] for several"),
    "dockerfile_inline": ("a Dockerfile has to be a file", "write it into the context, and run the command again"),
    "tags": ("the tag that runs is the hash of the image's inputs", "use build_and_push_image(tags=[…]) for others"),
    "pull": ("CDK's image assets have no such option", "pin the base image by its digest"),
    **dict.fromkeys(("provenance", "sbom"), ("CDK builds without attestations", "sign and scan the image in ECR")),
    **dict.fromkeys(
        ("entitlements", "extra_hosts", "isolation", "no_cache_filter", "privileged", "shm_size", "ulimits"),
        ("CDK's image assets have no such option", "build the image elsewhere, and use it by its name"),
    ),
}
RELEASE: dict[str, Reason] = {
    **dict.fromkeys(("container_name", "expose", "healthcheck", "hostname", "networks", "ports"), _RELEASE),
    **dict.fromkeys(("cpus", "deploy", "mem_limit", "mem_reservation"), _SIZE),
    "labels": ("a release command has the labels of the service", "nothing to do"),
    "scale": ("a release command runs once", "nothing to do"),
    "stop_grace_period": ("it stops only after ReleaseCommand(timeout=…)", "nothing to do"),
}
SERVICE: dict[str, Reason] = {
    **dict.fromkeys(("blkio_config", "cgroup", "cgroup_parent", "cpu_count", "cpu_percent", "cpu_period"), _EC2),
    **dict.fromkeys(("cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpuset", "device_cgroup_rules"), _EC2),
    **dict.fromkeys(("devices", "gpus", "ipc", "isolation", "mem_swappiness", "memswap_limit", "pid"), _EC2),
    **dict.fromkeys(("oom_kill_disable", "oom_score_adj", "pids_limit", "runtime", "security_opt", "uts"), _EC2),
    **dict.fromkeys(("shm_size", "storage_opt", "userns_mode", "use_api_socket", "volumes_from"), _EC2),
    **dict.fromkeys(("dns", "dns_opt", "dns_search", "domainname", "extra_hosts", "external_links"), _NAMES),
    "mac_address": _ADDRESS,
    "network_mode": (
        "a task has a network interface of its own",
        "make a service that shares another's network its Sidecar(…)",
    ),
    "attach": ("it concerns the terminal of 'docker compose up'", "nothing to do"),
    "driver_opts": _EC2,
    "pull_policy": ("ECS pulls the image whenever a task starts", "nothing to do"),
    **dict.fromkeys(("group_add", "label_file", "post_start", "pre_stop"), _NOT_ON_ECS),
    "cpu_shares": ("Fargate has CPU and memory for a whole task", "set size=TaskSize(…)"),
    "annotations": ("ECS has labels, but no annotations", "set docker_labels={…}"),
    "configs": TOP["configs"],
    "credential_spec": ("it names a file on the host", "use ContainerRuntime(credential_specs=…)"),
    "develop": ("it is for development on one host", "use 'cdk watch', with an ImageRepositoryStack"),
    "extends": ("the command does not merge it", "run it on the output of 'docker compose config'"),
    "logging": ("the logs go to CloudWatch Logs", "set logging=ecs.LogDrivers.splunk(…), or another driver"),
    "models": TOP["models"],
    "privileged": ("Fargate has no privileged containers", "use LoadBalancedEc2Service, or do without it"),
    "stop_signal": ("ECS sends the stop signal of the image", "write STOPSIGNAL into the Dockerfile"),
}
