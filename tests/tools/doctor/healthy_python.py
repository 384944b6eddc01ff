"""Dockerfiles of Python, with the files that they need, in which there is nothing to find."""

from __future__ import annotations

_HEAD = """\
FROM python:3.13-slim
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 10001:10001
EXPOSE 8080
"""

HEALTHY_PYTHON: dict[str, dict[str, str]] = {
    "gunicorn, address in its default settings file": {
        "Dockerfile": _HEAD + 'CMD ["gunicorn", "app:app"]\n',
        "gunicorn.conf.py": 'bind = "0.0.0.0:8080"\nworkers = 4\n',
        "app.py": "app = None\n",
    },
    "gunicorn, settings file by name": {
        "Dockerfile": _HEAD + 'CMD ["gunicorn", "-c", "deploy/web.py", "app:app"]\n',
        "deploy/web.py": "import os\n\nbind = f\"0.0.0.0:{os.environ['PORT']}\"\nkeepalive = 75\nthreads = 8\n",
    },
    "gunicorn, settings as a module, threads": {
        "Dockerfile": _HEAD + 'CMD ["gunicorn", "--config=python:web.settings", "app:app"]\n',
        "web/settings.py": 'bind: str = ":8080"\nworker_class = "gthread"\nkeepalive = 75\n',
    },
    "gunicorn, sync workers that keep no connection": {
        "Dockerfile": _HEAD + 'CMD ["gunicorn", "--bind", "0.0.0.0:8080", "--workers", "4", "app:app"]\n',
    },
    "gunicorn, options in its variable": {
        "Dockerfile": _HEAD + 'ENV GUNICORN_CMD_ARGS="--bind=0.0.0.0:8080 --threads=4 --keep-alive=75"\n'
        'CMD ["gunicorn", "app:app"]\n',
    },
    "gunicorn, port in a variable": {
        "Dockerfile": _HEAD + 'ENV PORT=8080\nENTRYPOINT ["gunicorn"]\nCMD ["app:app"]\n',
    },
    "gunicorn with workers of uvicorn": {
        "Dockerfile": _HEAD + 'CMD ["gunicorn", "-k", "uvicorn_worker.UvicornWorker", "-b", ":8080", "--keep-alive", '
        '"75", "app:app"]\n',
    },
    "gunicorn behind nginx in one container": {
        "Dockerfile": _HEAD + 'CMD ["./start.sh"]\n',
        "start.sh": "#!/bin/sh\nnginx\nexec gunicorn --bind 127.0.0.1:8000 app:app\n",
        "nginx.conf": "http { server { listen 8080; location / { proxy_pass http://127.0.0.1:8000; } } }\n",
    },
    "gunicorn, settings file from another stage": {
        "Dockerfile": "FROM python:3.13 AS build\nRUN pip download app && tar xf app.tar.gz\n"
        "FROM python:3.13-slim\nCOPY --from=build /app/gunicorn.conf.py /srv/\nWORKDIR /srv\nUSER 10001\n"
        'EXPOSE 8080\nCMD ["gunicorn", "app:app"]\n',
    },
    "uvicorn": {
        "Dockerfile": _HEAD + 'CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080", '
        '"--timeout-keep-alive", "75"]\n',
    },
    "uvicorn in a virtual environment of uv": {
        "Dockerfile": "FROM ghcr.io/astral-sh/uv:0.9-python3.13-bookworm-slim\nWORKDIR /srv\nCOPY . .\n"
        "RUN --mount=type=cache,target=/var/cache/uv uv sync --locked\nUSER 10001\nEXPOSE 8080\n"
        "ENV UVICORN_HOST=0.0.0.0 UVICORN_PORT=8080 UVICORN_TIMEOUT_KEEP_ALIVE=75\n"
        'CMD ["uv", "run", "--no-sync", "uvicorn", "app:app"]\n',
    },
    "uvicorn that waits for its database": {
        "Dockerfile": _HEAD + 'ENTRYPOINT ["./wait-for-it.sh", "-h", "localhost", "-p", "5432", "--"]\n'
        'CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--timeout-keep-alive", "75"]\n',
        "wait-for-it.sh": '#!/bin/bash\nexec "$@"\n',
    },
    "hypercorn with a settings file": {
        "Dockerfile": _HEAD + 'CMD ["hypercorn", "--config", "hypercorn.toml", "app:app"]\n',
        "hypercorn.toml": 'bind = ["0.0.0.0:8080"]\nkeep_alive_timeout = 75\n',
    },
    "daphne": {
        "Dockerfile": _HEAD + 'CMD ["daphne", "-b", "0.0.0.0", "-p", "8080", "web.asgi:application"]\n',
    },
    "granian": {
        "Dockerfile": _HEAD + 'CMD ["granian", "--interface", "asgi", "--host", "0.0.0.0", "app:app"]\n',
    },
    "flask run": {
        "Dockerfile": _HEAD + "ENV FLASK_APP=app FLASK_RUN_PORT=8080\n" + 'CMD ["flask", "run", "--host=0.0.0.0"]\n',
    },
    "fastapi run": {
        "Dockerfile": _HEAD + 'CMD ["fastapi", "run", "app.py", "--port", "8080"]\n',
    },
    "django by an entry point": {
        "Dockerfile": _HEAD + 'ENTRYPOINT ["/srv/entry.sh"]\nCMD ["gunicorn", "web.wsgi"]\n',
        "entry.sh": '#!/bin/sh\npython manage.py migrate\nexport GUNICORN_CMD_ARGS="--bind=0.0.0.0:8080"\nexec "$@"\n',
    },
    "django's own server": {
        "Dockerfile": _HEAD + "CMD python manage.py migrate && exec python manage.py runserver 0.0.0.0:8080\n",
    },
    "a file of an editor on Windows": {
        "Dockerfile": "\ufeff" + _HEAD.replace(" ", "\t", 1).replace("\n", "\r\n") + 'CMD\t["python", "server.py"]\r\n',
    },
}
"""Container port 8080; the files of the build context by their paths."""
