"""The choices of a load balancer: a target group by weight, a target in it, and both again for a client with a cookie.

``weights`` chooses a group and ``targets`` a target; ``cookies`` are what clients carry; ``draining`` keeps targets
that were deregistered until their requests are finished. ``transforms``, ``redirects`` and ``tokens`` are what rules do
with requests, ``key_sets`` the keys of tokens, and ``pages`` what a load balancer answers itself.
"""
