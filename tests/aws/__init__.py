"""The examples on AWS, or on the embedded AWS: what each answers, and where the two differ.

``pytest --aws=ACCOUNT`` deploys to the account of the caller's credentials, ``pytest --aws=embedded`` to an embedded
AWS that it starts. docs/never-run-on-aws.md says how to use it. The package is a development suite, and not shipped.
"""
