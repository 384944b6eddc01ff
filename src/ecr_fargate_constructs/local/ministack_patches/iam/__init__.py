"""IAM of the embedded AWS: policies decide what roles may do, and a record says what they did.

MiniStack's own evaluator decides; ``evaluator`` asks it and keeps the record (``local.decisions``). ``resources`` names
the resources of requests as AWS does, ``ecs_requests`` tells what requests to ECS are about, and ``keys`` finds the KMS
keys behind resources. Others than the senders of signed requests ask, too: the agent of ECS with execution roles
(``tasks``), Lambda with the roles of functions (``functions``), and whoever has a token of the private registry
(``registry``). ``serving`` tells the commands what was decided, and ``policies`` puts all of it together.
Written for MiniStack 1.5.33.
"""
