"""Metrics of the embedded AWS: what is measured, and what CloudWatch answers about it.

``store`` keeps samples; ``statistics`` and ``expressions`` compute values from them, and ``queries`` answers the
queries of ``GetMetricData`` and of alarms; ``traffic`` counts the requests of load balancers, and ``usage`` measures
what tasks use.
"""
