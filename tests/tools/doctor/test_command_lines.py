"""Command lines: where servers listen, and how long they keep connections."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.tools.doctor.readers.build_contexts import BuildContext
from ecr_fargate_constructs.tools.doctor.readers.command_lines import option_values, simple_commands
from ecr_fargate_constructs.tools.doctor.readers.keep_alive import keep_alive_of
from ecr_fargate_constructs.tools.doctor.readers.programs import Program
from ecr_fargate_constructs.tools.doctor.readers.servers import listens_on_loopback

if TYPE_CHECKING:
    from pathlib import Path

NONE: dict[str, str] = {}


def _scripts(**scripts: str) -> str:
    return json.dumps({"scripts": scripts})


def _program(folder: Path, command: str, environment: dict[str, str], files: dict[str, str]) -> Program:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Program.of(command, environment, BuildContext(folder))


LOOPBACK = [
    ("gunicorn app:app", NONE, NONE),
    ("gunicorn -b127.0.0.1:80 app:app", NONE, NONE),
    ("gunicorn --bind 127.0.0.1:80 app:app", NONE, NONE),
    ("gunicorn --bind=localhost:80 app:app", {"PORT": "80"}, NONE),
    ("gunicorn -b '[::1]:80' app:app", NONE, NONE),
    ("gunicorn -b 127.0.0.1:80 -b 127.0.0.1:81 app:app", NONE, NONE),
    ("gunicorn app:app", {"GUNICORN_CMD_ARGS": "--bind=127.0.0.1:80"}, NONE),
    ("gunicorn app:app", {"GUNICORN_CMD_ARGS": "--workers 4"}, NONE),
    ("gunicorn app:app", NONE, {"gunicorn.conf.py": "workers = 4\n"}),
    ("gunicorn app:app", NONE, {"gunicorn.conf.py": "bind = '127.0.0.1:8000'\n"}),
    ("gunicorn app:app", {"PORT": "80"}, {"gunicorn.conf.py": 'bind = ["127.0.0.1:8000", "localhost:80"]\n'}),
    ("gunicorn -c conf/web.py app:app", NONE, {"conf/web.py": 'bind = "127.0.0.1:8000"\n'}),
    ("gunicorn -c python:conf.web app:app", NONE, {"conf/web.py": 'bind: str = "127.0.0.1:8000"  # nginx\n'}),
    ("gunicorn -c conf/web.py app:app", NONE, {"conf/web.py": "", "gunicorn.conf.py": "bind = ':80'\n"}),
    ("poetry run gunicorn app:app", NONE, NONE),
    ("python manage.py migrate && gunicorn app:app", NONE, NONE),
    ("tini -- gunicorn app:app", NONE, NONE),
    ("/bin/sh -c 'exec gunicorn app:app'", NONE, NONE),
    ("python -m uvicorn app:app", NONE, NONE),
    ("uvicorn app:app --host=localhost", NONE, NONE),
    ("uvicorn app:app", {"UVICORN_HOST": "127.0.0.1"}, NONE),
    ("hypercorn app:app", NONE, NONE),
    ("daphne app.asgi:application", NONE, NONE),
    ("granian --interface asgi app:app", NONE, NONE),
    ("flask --app x run", NONE, NONE),
    ("flask run -h 127.0.0.1", NONE, NONE),
    ("quart run", NONE, NONE),
    ("litestar run", NONE, NONE),
    ("python manage.py runserver 8000", NONE, NONE),
    ("python manage.py runserver --noreload", NONE, NONE),
    ("python manage.py runserver localhost:8000", NONE, NONE),
    ("php -S localhost:8080", NONE, NONE),
    ("php -S 127.0.0.1:8080 -t public", NONE, NONE),
    ("php artisan serve", NONE, NONE),
    ("bin/rails server", NONE, NONE),
    ("bundle exec rails s -p 80", {"RAILS_ENV": "development"}, NONE),
    ("rails server -b 127.0.0.1", {"RAILS_ENV": "production"}, NONE),
    ("fastapi dev app.py", NONE, NONE),
    ("npx vite preview", NONE, NONE),
    ("vite", NONE, {"vite.config.ts": "export default {}\n"}),
    ("npm run preview", NONE, {"package.json": _scripts(preview="vite preview")}),
    ("yarn serve", NONE, {"package.json": _scripts(serve="npm run preview", preview="vite preview")}),
    ("pnpm run preview -- --port 80", NONE, {"package.json": _scripts(preview="vite preview")}),
    ("npx ng serve", NONE, NONE),
    ("hugo server", NONE, NONE),
    ("mkdocs serve", NONE, {"mkdocs.yml": "site_name: x\n"}),
    ("next start -H 127.0.0.1", NONE, NONE),
    ("puma -b tcp://127.0.0.1:9292", NONE, NONE),
    ("dotnet web.dll --urls http://localhost:5000", NONE, NONE),
    ("dotnet web.dll", {"ASPNETCORE_URLS": "http://localhost:5000;http://127.0.0.1:81"}, NONE),
    ("java -jar web.jar --server.address=127.0.0.1", NONE, NONE),
    ("node server.js --host 127.0.0.1", NONE, NONE),
    ("/web -addr=127.0.0.1:8080", NONE, NONE),
]
EVERYWHERE = [
    ("gunicorn -b 0.0.0.0:80 app:app", NONE, NONE),
    ("gunicorn -b :80 app:app", NONE, NONE),
    ("gunicorn -b unix:/tmp/x app:app", NONE, NONE),
    ("gunicorn -b 127.0.0.1:80 -b 0.0.0.0:80 app:app", NONE, NONE),
    ("gunicorn -b $ADDRESS app:app", NONE, NONE),
    ("gunicorn app:app", {"PORT": "80"}, NONE),
    ("PORT=80 gunicorn app:app", NONE, NONE),
    ("gunicorn app:app", {"GUNICORN_CMD_ARGS": "--bind=0.0.0.0"}, NONE),
    ("gunicorn app:app", {"GUNICORN_CMD_ARGS": "-c '"}, NONE),
    ("gunicorn app:app", NONE, {"gunicorn.conf.py": "bind = '0.0.0.0:8080'\n"}),
    ("gunicorn app:app", NONE, {"src/gunicorn.conf.py": "bind = f'0.0.0.0:{port}'\n"}),
    ("gunicorn app:app", NONE, {"gunicorn.conf.py": "bind = os.environ.get('BIND', '127.0.0.1:80')\n"}),
    ("gunicorn app:app", NONE, {"gunicorn.conf.py": "from base import *\n"}),
    ("gunicorn app:app", NONE, {"a/gunicorn.conf.py": "bind = '127.0.0.1:1'", "b/gunicorn.conf.py": "bind = ':1'"}),
    ("gunicorn -c gunicorn.conf.py app:app", NONE, {"gunicorn.conf.py": 'bind = "0.0.0.0:8080"\n'}),
    ("gunicorn --config=/etc/web.py app:app", NONE, {"conf/web.py": "bind = ':8080'\n"}),
    ("gunicorn -c python:conf.web app:app", NONE, {"conf/web.py": "bind = ':8080'\n"}),
    ("gunicorn -c /etc/from-elsewhere.py app:app", NONE, NONE),
    (
        "./entry.sh gunicorn app:app",
        NONE,
        {"entry.sh": '#!/bin/sh\nexport GUNICORN_CMD_ARGS="--bind=:80"\nexec "$@"\n'},
    ),
    ("nginx && gunicorn app:app", NONE, NONE),
    ("gunicorn app:app & nginx -g 'daemon off;'", NONE, NONE),
    ("./wait-for-it.sh -h localhost -p 5432 -- uvicorn app:app --host 0.0.0.0", NONE, NONE),
    ("pg_isready -h localhost && uvicorn app:app --host 0.0.0.0", NONE, NONE),
    ("pg_isready -h 127.0.0.1; node server.js", NONE, NONE),
    ("uvicorn app:app --host 0.0.0.0", NONE, NONE),
    ("uvicorn app:app --host $HOST", NONE, NONE),
    ("uvicorn app:app --uds /tmp/x", NONE, NONE),
    ("uvicorn app:app", {"UVICORN_HOST": "::"}, NONE),
    ("hypercorn -c hypercorn.toml app:app", NONE, NONE),
    ("daphne -e tcp:port=80:interface=0.0.0.0 app:app", NONE, NONE),
    ("granian --host 0.0.0.0 app:app", NONE, NONE),
    ("flask run --host 0.0.0.0", NONE, NONE),
    ("flask db upgrade", NONE, NONE),
    ("litestar run -H 0.0.0.0", NONE, NONE),
    ("python manage.py runserver 0.0.0.0:8000", NONE, NONE),
    ("python manage.py runserver 0:8000", NONE, NONE),
    ("python manage.py runserver --settings web.settings 0.0.0.0:8000", NONE, NONE),
    ("python manage.py runserver $ADDRESS", NONE, NONE),
    ("php -S 0.0.0.0:8080", NONE, NONE),
    ("php-fpm", NONE, NONE),
    ("php artisan serve --host=0.0.0.0", NONE, NONE),
    ("php artisan queue:work", NONE, NONE),
    ("rails server", {"RAILS_ENV": "production"}, NONE),
    ("rails server -e production", NONE, NONE),
    ("rails server -b 0.0.0.0", NONE, NONE),
    ("rails server", {"BINDING": "::"}, NONE),
    ("./entry.sh rails server", NONE, {"entry.sh": '#!/bin/bash\nexec "$@" -b 0.0.0.0\n'}),
    ("fastapi run app.py", NONE, NONE),
    ("fastapi dev app.py --host 0.0.0.0", NONE, NONE),
    ("vite preview --host", NONE, NONE),
    ("vite preview --host 0.0.0.0", NONE, NONE),
    ("vite build", NONE, NONE),
    ("vite", NONE, {"vite.config.js": "export default { server: { host: true } }\n"}),
    ("npm run preview -- --host 0.0.0.0", NONE, {"package.json": _scripts(preview="vite preview")}),
    ("npm run dev", NONE, {"package.json": _scripts(dev="next dev")}),
    ("ng serve --host 0.0.0.0", NONE, NONE),
    ("hugo server --bind 0.0.0.0", NONE, NONE),
    ("mkdocs serve", NONE, {"mkdocs.yml": "dev_addr: 0.0.0.0:8000\n"}),
    ("next start", NONE, NONE),
    ("puma -C config/puma.rb", NONE, NONE),
    ("dotnet web.dll", {"ASPNETCORE_URLS": "http://+:8080"}, NONE),
    ("node server.js", NONE, NONE),
    ("node server.js", {"REDIS_URL": "redis://localhost"}, NONE),
    ("python server.py", NONE, NONE),
    ("celery -A app worker -b redis://localhost", NONE, NONE),
    ("./wait --db 127.0.0.1 serve", NONE, NONE),
    ("pip install gunicorn && python server.py", NONE, NONE),
    ("", NONE, NONE),
    ("echo 'a quote without an end", NONE, NONE),
]


@pytest.mark.parametrize(("command", "environment", "files"), LOOPBACK)
def test_a_server_on_the_loopback(
    tmp_path: Path, command: str, environment: dict[str, str], files: dict[str, str]
) -> None:
    assert listens_on_loopback(_program(tmp_path, command, environment, files)) is not None


@pytest.mark.parametrize(("command", "environment", "files"), EVERYWHERE)
def test_a_server_that_can_be_reached_or_that_nothing_is_certain_of(
    tmp_path: Path, command: str, environment: dict[str, str], files: dict[str, str]
) -> None:
    assert listens_on_loopback(_program(tmp_path, command, environment, files)) is None


def test_a_settings_file_that_the_dockerfile_brings_is_not_judged(tmp_path: Path) -> None:
    program = _program(tmp_path, "gunicorn app:app", NONE, NONE)
    assert listens_on_loopback(program, "COPY --from=build /src/gunicorn.conf.py .") is None
    assert listens_on_loopback(program, "COPY . .") is not None


def test_the_settings_of_an_image_from_elsewhere_are_not_known() -> None:
    assert listens_on_loopback(Program.of("gunicorn app:app", NONE)) is None
    assert listens_on_loopback(Program.of("vite preview", NONE)) is None
    assert listens_on_loopback(Program.of("uvicorn app:app", NONE)) is not None


@pytest.mark.parametrize(
    ("command", "environment", "files", "seconds"),
    [
        ("gunicorn -k gthread app", NONE, NONE, 2),
        ("gunicorn --threads 4 app", NONE, NONE, 2),
        ("gunicorn -k uvicorn.workers.UvicornWorker --keep-alive 75 app", NONE, NONE, 75),
        ("gunicorn app", {"GUNICORN_CMD_ARGS": "--keep-alive=70 --threads 2"}, NONE, 70),
        ("gunicorn --threads 2 app", NONE, {"gunicorn.conf.py": "bind = ':80'\nkeepalive = 90\n"}, 90),
        ("gunicorn app", NONE, {"gunicorn.conf.py": "worker_class = 'gevent'\nkeepalive = 90\n"}, 90),
        ("gunicorn --keep-alive 75 app", NONE, {"gunicorn.conf.py": "threads = 4\nkeepalive = 2\n"}, 75),
        ("gunicorn -c web.py app", NONE, {"web.py": "threads = 4\n"}, 2),
        ("uvicorn app:app", NONE, NONE, 5),
        ("uvicorn app:app --timeout-keep-alive=75", NONE, NONE, 75),
        ("uvicorn app:app", {"UVICORN_TIMEOUT_KEEP_ALIVE": "75"}, NONE, 75),
        ("hypercorn app --keep-alive 65", NONE, NONE, 65),
        ("npm start", NONE, NONE, 5),
        ("node server.js", NONE, {"src/server.ts": "server.keepAliveTimeout = 65_000;"}, 65),
        ("next start", NONE, NONE, 5),
        ("next start --keepAliveTimeout 75000", NONE, NONE, 75),
        ("npm start", NONE, {"package.json": _scripts(start="next start --keepAliveTimeout 75000")}, 75),
        ("npm start -- --keepAliveTimeout=75000", NONE, {"package.json": _scripts(start="next start")}, 75),
        ("node server.js", {"KEEP_ALIVE_TIMEOUT": "75000"}, NONE, 75),
        ("node server.js", NONE, {"package.json": '{"dependencies": {"fastify": "^5"}}'}, 72),
        ("node server.js", NONE, {"package.json": '{"dependencies": {"express": "^5"}}'}, 5),
        ("node server.js", NONE, {"package.json": "not JSON"}, 5),
    ],
)
def test_how_long_connections_are_kept(
    tmp_path: Path, command: str, environment: dict[str, str], files: dict[str, str], seconds: int
) -> None:
    kept = keep_alive_of(_program(tmp_path, command, environment, files))
    assert kept is not None
    assert kept.seconds == seconds


@pytest.mark.parametrize(
    ("command", "environment", "files"),
    [
        ("gunicorn app", NONE, NONE),  # its sync worker closes each connection
        ("gunicorn --keep-alive 2 app", NONE, NONE),
        ("gunicorn -k sync app", NONE, {"gunicorn.conf.py": "worker_class = 'gevent'"}),
        ("gunicorn -k gthread --keep-alive 0 app", NONE, NONE),
        ("gunicorn -k gthread app", NONE, {"gunicorn.conf.py": "keepalive = int(os.environ['KEEP_ALIVE'])"}),
        ("gunicorn -k gthread -c /etc/from-elsewhere.py app", NONE, NONE),
        ("uvicorn app:app --timeout-keep-alive $SECONDS", NONE, NONE),
        ("hypercorn -c hypercorn.toml app", NONE, NONE),
        ("node server.js", NONE, {"server.js": "server.keepAliveTimeout = seconds * 1000;"}),
        ("node server.js", {"KEEP_ALIVE_TIMEOUT": "${…}"}, NONE),
        ("python server.py", NONE, NONE),
        ("nodemon", NONE, NONE),
        ("/usr/bin/nginx", NONE, NONE),
        ("flask run", NONE, NONE),
    ],
)
def test_a_server_that_keeps_none_or_that_nothing_is_certain_of(
    tmp_path: Path, command: str, environment: dict[str, str], files: dict[str, str]
) -> None:
    assert keep_alive_of(_program(tmp_path, command, environment, files)) is None


def test_a_line_is_taken_apart() -> None:
    assert simple_commands("a 'b c' && exec d; e -- f -- -g") == [["a", "b", "c"], ["d"], ["e"], ["f", "-g"]]
    assert simple_commands("") == []
    assert option_values(["-b", "x", "-by", "--bind=z", "--bind", "--other"], ("-b", "--bind")) == ["x", "y", "z", ""]


@pytest.mark.parametrize("line", ["'" * 60_000, "a " * 30_000, "'a \"b" * 10_000, "-" * 60_000, "\\" * 60_000])
def test_a_long_line_takes_no_long_time(line: str) -> None:
    began = time.perf_counter()
    listens_on_loopback(Program.of(line, NONE))
    assert time.perf_counter() - began < 2


def test_scripts_that_run_each_other_end(tmp_path: Path) -> None:
    scripts = {"package.json": _scripts(start="npm start", a="npm run b", b="npm run a")}
    for command in ("npm start", "npm run a"):
        assert listens_on_loopback(_program(tmp_path, command, NONE, scripts)) is None
