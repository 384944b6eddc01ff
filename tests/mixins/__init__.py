"""Mixins and property injectors on constructs of CDK."""
