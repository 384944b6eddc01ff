"""The deployment controller of ECS as a pure state machine: what is observed and the time go in, actions come out.

``settings`` reads ECS's ``deploymentConfiguration``; ``stages`` has the lifecycle stages, and the order in which a
strategy takes them; ``capacity`` decides which tasks start and stop; ``hooks`` follows lifecycle hooks; ``health``
counts health checks; ``records`` has the record of a deployment; ``controller`` connects them for one service.

Nothing here does input or output, starts a thread, or reads a clock.
"""
