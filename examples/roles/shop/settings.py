"""Settings: everything that differs between environments is a variable."""

import os

from django.core.management.utils import get_random_secret_key

SECRET_KEY = os.environ.get("SECRET_KEY") or get_random_secret_key()  # nothing is signed that outlives a task
ALLOWED_HOSTS = ["*"]  # the load balancer decides
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["shop"]
USE_TZ = True
QUEUE_URL = os.environ.get("QUEUE_URL", "")
