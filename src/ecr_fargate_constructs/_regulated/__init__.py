"""What ``Posture.REGULATED`` adds: parts that a stack has once, and findings that stay."""
