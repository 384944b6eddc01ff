"""The function that runs a release command, against an AWS and a clock of the tests."""
