"""``ecr-fargate local up --watch``: sync what can be synced, and build and deploy the rest.

``landing`` says where a file of a build context lands in the image; ``images`` which containers run which build
context; ``files`` notices edits; ``syncing`` asks the embedded AWS to replace tasks; ``synthesis`` runs the app in a
warm process; ``loop`` puts it together.
"""
