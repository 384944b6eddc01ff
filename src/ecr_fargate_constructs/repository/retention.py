"""Which images a repository keeps. Pure: no CDK objects."""

from __future__ import annotations

from dataclasses import dataclass

from ecr_fargate_constructs._checks import whole_number


@dataclass(frozen=True)
class Retention:
    """Which images a repository keeps, and which expire."""

    newest: float

    @classmethod
    def keep_last(cls, count: float) -> Retention:
        """Keep the newest ``count`` tagged images; untagged images go after a day."""
        whole_number("Retention.keep_last", count, minimum=1, what="a number of images")
        return cls(newest=count)

    def policy(self) -> dict[str, object]:
        """The lifecycle policy as ECR reads it."""
        return {
            "rules": [
                {
                    "rulePriority": 1,
                    "description": "Untagged images go after a day",
                    "selection": {
                        "tagStatus": "untagged",
                        "countType": "sinceImagePushed",
                        "countUnit": "days",
                        "countNumber": 1,
                    },
                    "action": {"type": "expire"},
                },
                {
                    "rulePriority": 2,
                    "selection": {
                        "tagStatus": "tagged",
                        "tagPatternList": ["*"],
                        "countType": "imageCountMoreThan",
                        "countNumber": self.newest,
                    },
                    "action": {"type": "expire"},
                },
            ]
        }
