"""Alarms of the embedded AWS, evaluated as CloudWatch evaluates them.

``evaluation`` judges data points; ``alarm`` reads an alarm's properties, and evaluates it at a time.
"""
