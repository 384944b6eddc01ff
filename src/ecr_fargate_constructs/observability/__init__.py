"""Alarms and a dashboard for any ECS service behind an Application Load Balancer.

Metrics, alarms and widgets are made by factories that do not know each other's ids or layout; ``ServiceAlarms`` and
``ServiceDashboard`` put them together.
"""
