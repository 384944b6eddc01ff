"""Look for Container Insights in the settings of a cluster."""

from __future__ import annotations

from aws_cdk import aws_ecs as ecs


def has_container_insights(cluster: ecs.ICluster) -> bool:
    """Return whether a cluster of this app has Container Insights enabled; False for an imported one."""
    resource = cluster.node.default_child
    if resource is None and isinstance(cluster.node.scope, ecs.Cluster):  # what Managed Instances make of a cluster
        resource = cluster.node.scope.node.default_child
    if not isinstance(resource, ecs.CfnCluster):
        return False
    settings = resource.cluster_settings
    if not isinstance(settings, list):
        return False
    return any(
        isinstance(each, ecs.CfnCluster.ClusterSettingsProperty)
        and each.name == "containerInsights"
        and each.value in {"enabled", "enhanced"}
        for each in settings
    )
