"""Databases, caches, brokers and search engines, by image and by port; their ports never get a public load balancer."""

from __future__ import annotations

import re

_TAG = re.compile(r":[^/:]+$")  # a colon before a slash is that of a registry's port
_RDS = (
    "add rds.DatabaseInstance(…), pass its secret to the service, and call "
    "database.connections.allow_default_port_from(service)"
)
_CACHE = "add an ElastiCache cache, and allow the services to connect"
_DOCUMENTS = "add an Amazon DocumentDB cluster, and allow the services to connect"
_BROKER = "add an Amazon MQ broker, and allow the services to connect"
_KAFKA = "add an Amazon MSK cluster, and allow the services to connect"
_SEARCH = "add an OpenSearch domain, and allow the services to connect"
_UNMANAGED = "use its vendor's service, or an EC2 instance with an EBS volume, and allow the services to connect"
_MANAGED = {
    **dict.fromkeys(("postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha"), _RDS),
    **dict.fromkeys(("mysql", "mysql-server", "mariadb", "percona", "percona-server", "mssql/server"), _RDS),
    **dict.fromkeys(("azure-sql-edge", "postgresql-repmgr", "mariadb-galera"), _RDS),
    **dict.fromkeys(("redis", "redis-stack", "redis-stack-server", "redismod", "redis-cluster", "keydb"), _CACHE),
    **dict.fromkeys(("valkey", "valkey-bundle", "valkey-cluster", "dragonfly", "memcached"), _CACHE),
    **dict.fromkeys(("mongo", "mongodb", "mongodb-community-server", "mongodb-enterprise-server"), _DOCUMENTS),
    **dict.fromkeys(("rabbitmq", "activemq", "activemq-classic", "activemq-artemis"), _BROKER),
    **dict.fromkeys(("kafka", "kafka-native", "cp-kafka", "cp-server", "redpanda"), _KAFKA),
    **dict.fromkeys(("zookeeper", "cp-zookeeper"), _KAFKA),
    **dict.fromkeys(("elasticsearch", "opensearch"), _SEARCH),
    **dict.fromkeys(("cassandra", "scylla"), "use Amazon Keyspaces"),
    "neo4j": "use Amazon Neptune, or the vendor's service",
    "influxdb": "use Amazon Timestream for InfluxDB",
    "minio": "add s3.Bucket(…), and bucket.grant_read_write(service)",
    "localstack": "use the AWS services themselves",
    "dynamodb-local": "add dynamodb.TableV2(…), and table.grant_read_write_data(service)",
}
_WITHOUT_SERVICE = frozenset({
    "clickhouse", "clickhouse-server", "etcd", "couchdb", "cockroach", "arangodb", "meilisearch", "typesense", "qdrant",
    "weaviate", "milvus", "chroma", "solr", "nats", "eclipse-mosquitto", "rethinkdb",
})  # fmt: skip

PORTS = {
    1433: "SQL Server", 1521: "Oracle Database", 1883: "MQTT", 2181: "ZooKeeper", 2379: "etcd", 2380: "etcd",
    3050: "Firebird", 3306: "MySQL", 4222: "NATS", 5432: "PostgreSQL", 5671: "AMQP", 5672: "AMQP", 5984: "CouchDB",
    6333: "Qdrant", 6334: "Qdrant", 6379: "Redis", 6432: "PgBouncer", 6650: "Pulsar", 7474: "Neo4j", 7687: "Neo4j",
    7700: "Meilisearch", 8086: "InfluxDB", 8108: "Typesense", 8123: "ClickHouse", 8529: "ArangoDB", 8883: "MQTT",
    8983: "Solr", 9042: "Cassandra", 9092: "Kafka", 9200: "Elasticsearch", 9300: "Elasticsearch", 9440: "ClickHouse",
    11211: "memcached", 19530: "Milvus", 26257: "CockroachDB", 26379: "Redis Sentinel", 27017: "MongoDB",
    27018: "MongoDB", 27019: "MongoDB", 28015: "RethinkDB", 33060: "MySQL", 61616: "ActiveMQ",
}  # fmt: skip
"""Well-known ports of stores, each with the name of the store."""


def store_of(image: str) -> str | None:
    """Return the kind of store that an image is; None for anything else."""
    name = _TAG.sub("", image.partition("@")[0])
    *before, last = name.split("/")
    for kind in (last, "/".join([*before[-1:], last])):
        if kind in _MANAGED or kind in _WITHOUT_SERVICE:
            return kind
    return None


def why_left_out(kind: str) -> tuple[str, str]:
    """Return why a store is left out, and the remedy."""
    service = "AWS has it as a managed service" if kind in _MANAGED else "AWS has no managed service for it"
    return (
        f"{kind} keeps data, which should outlive a task, and {service}",
        _MANAGED.get(kind, _UNMANAGED),
    )
