"""Small files and the findings about them: variables, numbers, hosts, ports, stores and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ecr_fargate_constructs.cli import main as cli
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.migrate import compose_stores
from ecr_fargate_constructs.tools.migrate.compose_hosts import hosts_in
from ecr_fargate_constructs.tools.migrate.document import Node, parse
from ecr_fargate_constructs.tools.migrate.fields import text_of
from ecr_fargate_constructs.tools.migrate.interpolation import Interpolation
from ecr_fargate_constructs.tools.migrate.program_of import Migration, Source, migrate

if TYPE_CHECKING:
    from pathlib import Path

NGINX = "image: public.ecr.aws/nginx/nginx:1.29"


def compose(text: str, **variables: str) -> Migration:
    """Migrate the services of a compose file."""
    return migrate([Source(name="x.yml", text=text, directory="shop")], variables=variables)


def reasons(migration: Migration) -> dict[str, str]:
    """The reasons of the findings, by key; several of one key in one text."""
    found: dict[str, str] = {}
    for findings in migration.findings.values():
        for each in findings:
            found[each.place] = f"{found.get(each.place, '')}{each.reason}\n"
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A:-${B:-inner}}", "inner"),
        ("${A-${B:-${C:-innermost}}}", "innermost"),
        ('${C:-{"json":1}}', '{"json":1}'),
        ("${D:-a$$b}", "a$b"),
        ("${A:-$X}", "x"),
        ("${X:-y}$X${X}", "xxx"),
        ("${EMPTY:-y}${EMPTY-z}", "y"),
        ("${X:+set}${A:+unset}", "set"),
        ("${EMPTY:+y}${EMPTY+z}", "z"),
        ("${X:?no}${X?no}", "xx"),
        ("$$X $$$X", "$X $x"),
        ("${A:-}", ""),
        ("${A}", "${A}"),
        ("${A:?is missing}", "${A:?is missing}"),
        ("a${A:-}}b", "a}b"),
    ],
)
def test_variables_are_filled_in_as_docker_compose_does(text: str, expected: str) -> None:
    filled = Interpolation({"X": "x", "EMPTY": ""}, compose=True).fill(Node(text, 1, ("a",)))
    assert filled.value == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${X}", "x"), ("$X", "$X"), ("$$", "$$"), ("${X:-y}", "${X:-y}"), ("${A}", "${A}"), ("${9}", "${9}")],
)
def test_variables_are_filled_in_as_copilot_does(text: str, expected: str) -> None:
    assert Interpolation({"X": "x"}, compose=False).fill(Node(text, 1, ("a",))).value == expected


@given(st.text("${}:-+?AX_ab", max_size=30))
def test_any_text_with_dollar_signs_ends_in_a_text(text: str) -> None:
    filled = Interpolation({"X": "x"}, compose=True).fill(Node(text, 1, ("a",))).value
    assert isinstance(filled, str)
    if "$" not in text:
        assert filled == text


def test_a_dollar_sign_that_docker_compose_refuses_is_listed() -> None:
    migration = compose(f"services: {{a: {{{NGINX}, environment: {{A: '${{}}', B: 'a$$b'}}}}}}")
    assert "refuses a $" in reasons(migration)["services.a.environment.A"]
    assert "services.a.environment.B" not in reasons(migration)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1.10", "1.1"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("1000000.0", "1e+06"),
        ("0.00001", "1e-05"),
        ("0x1F", "31"),
        ("+1", "1"),
        ("0755", "493"),
        ("0o17", "15"),
        ("0b11", "3"),
        ("1_000", "1000"),
        ("08", "8"),
        ("True", "true"),
        ("yes", "yes"),
        ("_1", "_1"),
        ("22:22", "22:22"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_numbers_are_those_of_docker_compose_and_of_copilot(written: str, expected: str) -> None:
    assert text_of(parse(f"a: {written}").entries["a"]) == expected
    manifest = f"name: a\ntype: Worker Service\nimage: {{location: x/y:1}}\nvariables: {{A: {written}}}\n"
    assert f'"A": "{written}"' in compose(manifest).program


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://api:9000/x", [("api", 9000)]),
        ("http://api", [("api", 80)]),
        ("postgresql+psycopg2://u:p@db/x", [("db", 5432)]),
        ("clickhouse://events:9000", [("events", 9000)]),
        ("kafka-1:9092,kafka-2:9092", [("kafka-1", 9092), ("kafka-2", 9092)]),
        ("app@tcp(db:3306)/x", [("db", 3306)]),
        ("//api", [("api", None)]),
        ("server api:9000;", [("api", 9000)]),
        ("/api/users", []),
        ("https://example.com/api", [("example.com", 443)]),
        ("redis:7.2-alpine", []),
        ("app:app", []),
        ("10:30", [("10", 30)]),
        ("http://api:99999", [("api", None)]),
        ("api", []),
    ],
)
def test_hosts_in_texts(text: str, expected: list[tuple[str, int | None]]) -> None:
    assert hosts_in(text) == expected


@pytest.mark.parametrize(
    ("ports", "public", "others"),
    [
        ('["127.0.0.1:80:8080"]', None, [8080]),
        ('["[::1]:80:8080"]', None, [8080]),
        ('["127.1.2.3::8080"]', None, [8080]),
        ('["0.0.0.0:80:8080"]', 8080, []),
        ('["[::]:80:8080"]', 8080, []),
        ("[8080]", 8080, []),
        ('["127.0.0.1:80:8080", "81:9000"]', 9000, [8080]),
        ('["5555:5555", "8000:8000", "80:9000"]', 9000, [5555, 8000]),
        ('["5555:5555", "443:8443"]', 8443, [5555]),
        ('["80:5432"]', None, [5432]),
        ('["6379:7000"]', None, [7000]),
        ('["9092:9092", "27017:27017", "3306:3306", "8080:80"]', 80, [9092, 27017, 3306]),
        ("[{target: 80, published: 80, host_ip: 127.0.0.1}]", None, [80]),
        ("[{target: 80, published: 80, host_ip: 0.0.0.0}]", 80, []),
        ('["${PORT}:8080"]', 8080, []),
        ('["${BIND}:80:8080"]', None, [8080]),
        ('["localhost:80:8080"]', None, [8080]),
    ],
)
def test_the_address_of_a_port_decides_who_reaches_it(ports: str, public: int | None, others: list[int]) -> None:
    (service,) = compose(f"services: {{a: {{{NGINX}, ports: {ports}}}}}").project.services
    assert (service.ingress is not None) is (public is not None)
    assert service.ports == (*([] if public is None else [public]), *others)


def test_a_port_on_an_address_of_the_network_gets_an_internal_load_balancer() -> None:
    migration = compose(f"services: {{a: {{{NGINX}, ports: ['192.168.1.5:80:8080']}}}}")
    assert "InternalHttp()" in migration.program
    assert "only the VPC reaches it" in reasons(migration)["services.a.ports[0]"]


def test_a_published_port_without_a_value_says_which_variable() -> None:
    found = reasons(compose(f"services: {{a: {{{NGINX}, ports: ['${{PORT}}:8080', '80:${{INNER}}']}}}}"))
    assert found["services.a.ports[0]"] == "PORT has no value here; the load balancer listens on port 80\n"
    assert "INNER" in found["services.a.ports[1]"]


@pytest.mark.parametrize(
    "image",
    [
        "pgvector/pgvector:pg17", "mysql/mysql-server", "mongodb/mongodb-community-server:8", "redis/redis-stack:7",
        "redislabs/redismod", "clickhouse/clickhouse-server", "apache/kafka:4.0.0", "quay.io/coreos/etcd:v3",
        "mcr.microsoft.com/mssql/server:2022-latest", "bitnami/postgresql@sha256:" + "0" * 64,
    ],
)  # fmt: skip
def test_stores_by_their_images(image: str) -> None:
    assert compose_stores.store_of(image) is not None


@pytest.mark.parametrize("image", ["acme/postgres-backup:1", "acme/server:1", "redis-commander:1", "", "a/b/mssql"])
def test_images_that_are_no_stores(image: str) -> None:
    assert compose_stores.store_of(image) is None


def test_every_port_of_a_store_is_one() -> None:
    assert all(0 < port < 65536 and name for port, name in compose_stores.PORTS.items())
    assert {5432, 3306, 6379, 9092, 27017, 9200, 5672, 11211} <= set(compose_stores.PORTS)


def test_a_called_service_without_a_port_is_listed() -> None:
    text = f"services: {{a: {{{NGINX}}}, b: {{{NGINX}, depends_on: [a]}}}}"
    assert "nothing in the file names a port of it" in reasons(compose(text))["services.a"]
    text = f"services: {{a: {{{NGINX}}}, b: {{{NGINX}, environment: {{A: 'http://a:9000'}}}}}}"
    assert reasons(compose(text)) == {}


@pytest.mark.parametrize("option", ["container_name: backend", "hostname: backend", "links: ['a:backend']"])
def test_another_name_that_callers_use_is_the_name_in_service_connect(option: str) -> None:
    own, other = ("", f"{option}, ") if option.startswith("links") else (f"{option}, ", "")
    text = f"services: {{a: {{{own}{NGINX}}}, b: {{{other}{NGINX}, environment: {{A: 'http://backend:9000'}}}}}}"
    migration = compose(text)
    (a, b) = migration.project.services
    assert (a.connect_name, a.ports, b.calls) == ("backend", (9000,), ("a",))
    assert not [place for place in reasons(migration) if "environment" in place]


def test_two_names_of_a_service_are_listed_where_the_second_one_is_used() -> None:
    text = f"""services:
  a: {{{NGINX}, container_name: backend, expose: [9000]}}
  b: {{{NGINX}, environment: {{A: 'http://a:9000', B: 'http://backend:9000'}}}}
"""
    found = reasons(compose(text))
    assert "one name, a, and not backend" in found["services.b.environment.B"]
    assert "services.b.environment.A" not in found
    assert "one name, a" in found["services.a.container_name"]


def test_names_that_are_the_same_for_cloud_map_become_two() -> None:
    text = f"services: {{a.b: {{{NGINX}, expose: [1]}}, A-B: {{{NGINX}, expose: [2]}}}}"
    migration = compose(text)
    assert {each.connect_name for each in migration.project.services} == {"a.b", "a-b-2"}
    assert "for Cloud Map it has the same name" in reasons(migration)["services.A-B"]


def test_a_host_that_is_not_in_the_program_is_listed_wherever_it_stands() -> None:
    text = f"""services:
  a:
    {NGINX}
    command: ["--broker=redis://cache", "--other", "http://a:1"]
    environment: {{CACHE_HOST: cache, CACHE_KIND: cache, PATH_OF: /cache/}}
    links: [cache]
  cache: {{image: redis:8}}
"""
    found = reasons(compose(text))
    assert {place for place, reason in found.items() if reason.startswith("cache is not in the program")} == {
        "services.a.command[0]",
        "services.a.environment.CACHE_HOST",
        "services.a.links[0]",
    }


def test_several_findings_of_a_key_are_all_listed() -> None:
    service = "name: a\ntype: Backend Service\nimage: {location: x/y:1, port: 1}\n"
    text = f"{service}count: {{range: {{min: 0, max: 5, spot_from: 9}}}}\n"
    assert len(reasons(compose(text))["count.range"].splitlines()) == 3


@pytest.mark.parametrize(
    ("policy", "listed"), [("always", False), ("unless-stopped", False), ("on-failure:3", True), ("no", True)]
)
def test_a_restart_policy_of_what_ends_is_listed(policy: str, *, listed: bool) -> None:
    assert ("services.a.restart" in reasons(compose(f"services: {{a: {{{NGINX}, restart: {policy}}}}}"))) is listed


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("build: .", None),
        ("build: ./tools", "has another image than web"),
        ("build: ., platform: linux/arm64", "has another image than web"),
        ("build: ., entrypoint: sh", "differs from web in entrypoint"),
        ("build: ., environment: {A: '1'}", None),
        ("build: ., environment: {A: '2', B: '1'}", "differs from web in A, B"),
        ("build: ., environment: {A: '1'}, volumes: ['/data']", "differs from web in volumes"),
    ],
)
def test_a_task_is_a_release_command_if_the_service_could_run_it(options: str, reason: str | None) -> None:
    migration = compose(f"""services:
  web:
    build: .
    ports: ["80:8000"]
    environment: {{A: "1"}}
    depends_on: {{migrate: {{condition: service_completed_successfully}}}}
  migrate: {{command: migrate, {options}}}
""")
    [web] = migration.project.services
    assert (web.release_command, len(web.sidecars)) == ((("migrate",), 0) if reason is None else (None, 1))
    assert (reason or "") in reasons(migration).get("services.web.depends_on.migrate", "")


def test_two_services_of_copilot_with_one_route_get_two_load_balancers() -> None:
    rest = "type: Load Balanced Web Service\nimage: {location: x/y:1, port: 1}\nhttp: {path: /}\n"
    migration = migrate(
        [Source(name=f"{name}.yml", text=f"name: {name}\n{rest}", directory="shop") for name in ("a", "b")]
    )
    assert "a has the same route" in reasons(migration)["http"]
    assert migration.program.count("LoadBalancedFargateService(") == 2


def test_paths_count_from_the_directory_in_which_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "proj"
    folder.mkdir()
    (folder / "web").mkdir()
    (folder / "web" / "Dockerfile").write_text("FROM scratch\nEXPOSE 9000\n", encoding="utf-8")
    (folder / "web.env").write_text("A=1\n", encoding="utf-8")
    text = f"services: {{web: {{build: ./web, env_file: web.env}}, b: {{{NGINX}, depends_on: [web]}}}}"
    (folder / "compose.yml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["migrate", "proj/compose.yml"])
    assert 'build_and_push_image("./proj/web")' in result.stdout
    assert 'from_asset("./proj/web.env")' in result.stdout
    assert "container_port=9000" in result.stdout
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli.app, ["migrate", "compose.yml"])
    assert 'build_and_push_image("./web")' in result.stdout


def test_a_file_that_is_no_dockerfile_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").write_bytes(b"\xff\xfe\x00")
    text = f"services: {{web: {{build: ./web}}, b: {{{NGINX}, depends_on: [web]}}}}"
    (tmp_path / "compose.yml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["migrate", "compose.yml"])
    assert result.exit_code == 0
    assert "nothing in the file names a port of it" in re.sub(r"\s+", " ", result.stderr)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGPASSWORD", "hunter2"), ("DB_PASS", "hunter2"), ("MYSQL_PWD", "hunter2"), ("ENCRYPTION_KEY", "hunter2"),
        ("JWT_SIGNING_KEY", "hunter2"), ("APP_KEY", "hunter2"), ("MASTER_KEY", "hunter2"), ("REDIS_AUTH", "hunter2"),
        ("SALT", "hunter2"), ("RABBITMQ_ERLANG_COOKIE", "hunter2"), ("PASSPHRASE", "hunter2"),
        ("dbPassword", "hunter2"), ("ADMIN_PASSWORDS", "hunter2"), ("SECRET_KEY_BASE", "hunter2"),
        ("OPENAI_APIKEY", "hunter2"), ("ConnectionStrings__Default", "Server=db;Password=hunter2"),
        ("JDBC_URL", "jdbc:postgresql://db/a?user=a&password=hunter2"), ("STRIPE", "sk_live_" + "Qx7" * 8),
        ("HOOK", "https://hooks.slack.com/" + "services/T0001/B0001/hunter2"),
    ],
)  # fmt: skip
def test_a_secret_gets_into_no_program(name: str, value: str) -> None:
    for text in (
        f"services: {{a: {{{NGINX}, environment: {{{name}: '{value}'}}}}}}",
        f"name: a\ntype: Worker Service\nimage: {{location: x/y:1}}\nvariables: {{{name}: '{value}'}}\n",
    ):
        migration = compose(text)
        assert value not in migration.program
        assert any(place.endswith(name) for place in reasons(migration))


def test_copilot_names_of_variables_yield_to_those_of_the_manifest() -> None:
    text = "name: a\ntype: Worker Service\nimage: {location: x/y:1}\nvariables: {COPILOT_SERVICE_NAME: other}\n"
    program = compose(text, COPILOT_APPLICATION_NAME="shop", COPILOT_ENVIRONMENT_NAME="test").program
    assert '"COPILOT_SERVICE_NAME": "other"' in program
    assert '"COPILOT_SERVICE_DISCOVERY_ENDPOINT": "test.shop.local"' in program


def test_a_compose_file_beside_manifests_is_refused() -> None:
    manifest = Source(name="m.yml", text="name: a\ntype: Worker Service\nimage: {location: x/y:1}\n", directory="shop")
    file = Source(name="c.yml", text=f"services: {{a: {{{NGINX}}}}}", directory="shop")
    with pytest.raises(ToolError, match="pass one compose file"):
        migrate([manifest, file])
