"""Application Auto Scaling of the embedded AWS.

``policies`` computes how many tasks a policy wants; ``target`` decides between policies, within limits and cooldowns;
``schedule`` says when scheduled actions are due.
"""
