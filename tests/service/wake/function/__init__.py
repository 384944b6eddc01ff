"""The function that wakes a service, against an AWS and a clock of the tests."""
