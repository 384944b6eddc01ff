"""Alarms and a dashboard for any ECS service behind an Application Load Balancer.

Factories make metrics, alarms and widgets, and do not depend on each other's ids or layout; ``ServiceAlarms`` and
``ServiceDashboard`` combine them.
"""
