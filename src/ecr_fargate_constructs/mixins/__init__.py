"""Mixins and property injectors: defaults of this library on constructs of CDK that exist already."""
