"""Additions of ``Posture.REGULATED``: parts that a stack has once, and acknowledged findings."""
