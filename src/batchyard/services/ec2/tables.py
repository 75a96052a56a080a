"""The tables of EC2: instances, launch templates, Spot Fleet requests, networks, key pairs, and everyone's tags."""

from sqlalchemy import Column, Float, Index, Integer, Table, Text

from batchyard.store.types import Json, UtcTime, metadata

_PLACE = ("account", "partition", "region")

instances = Table(
    "ec2_instances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("reservation_id", Text, nullable=False),
    Column("launch_index", Integer, nullable=False),
    Column("client_token", Text),
    Column("request_digest", Text),
    Column("state", Text, nullable=False),
    Column("state_reason", Json),
    Column("image_id", Text, nullable=False),
    Column("instance_type", Text, nullable=False),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Column("subnet_id", Text, nullable=False),
    Column("vpc_id", Text, nullable=False),
    Column("availability_zone", Text, nullable=False),
    Column("private_ip", Text),
    Column("security_groups", Json, nullable=False),
    Column("profile_arn", Text),
    Column("lifecycle", Text, nullable=False),
    Column("spot_request_id", Text),
    Column("launched_with", Json, nullable=False),
    Column("launched_at", UtcTime, nullable=False),
    Column("state_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index("ec2_instances_by_token", *(instances.c[name] for name in (*_PLACE, "client_token")))
Index("ec2_instances_by_address", *(instances.c[name] for name in (*_PLACE, "subnet_id", "private_ip")))
Index("ec2_instances_by_spot_request", *(instances.c[name] for name in (*_PLACE, "spot_request_id")))
Index("ec2_instances_by_lifecycle", instances.c.account, instances.c.partition, instances.c.lifecycle)

tags = Table(
    "ec2_tags",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("resource_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("resource_type", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index("ec2_tags_by_value", *(tags.c[name] for name in (*_PLACE, "key", "value", "resource_id")))

launch_templates = Table(
    "ec2_launch_templates",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("default_version", Integer, nullable=False),
    Column("latest_version", Integer, nullable=False),
    Column("client_token", Text),
    Column("request_digest", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index("ec2_launch_templates_by_name", *(launch_templates.c[name] for name in (*_PLACE, "name")), unique=True)
Index("ec2_launch_templates_by_token", *(launch_templates.c[name] for name in (*_PLACE, "client_token")))

launch_template_versions = Table(
    "ec2_launch_template_versions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("template_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("description", Text),
    Column("data", Json, nullable=False),
    Column("client_token", Text),
    Column("request_digest", Text),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ec2_launch_template_versions_by_token",
    *(launch_template_versions.c[name] for name in (*_PLACE, "template_id", "client_token")),
)

spot_fleets = Table(
    "ec2_spot_fleets",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("config", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("is_live", Integer, nullable=False),
    Column("activity", Text),
    Column("target", Integer, nullable=False),
    Column("excess", Text, nullable=False),
    Column("client_token", Text),
    Column("request_digest", Text),
    Column("planned", Json),
    Column("launches", Integer, nullable=False),
    Column("last_error", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("state_at", UtcTime, nullable=False),
    Column("templates", Json),
    sqlite_with_rowid=False,
)
Index("ec2_spot_fleets_by_token", *(spot_fleets.c[name] for name in (*_PLACE, "client_token")))
Index(
    "ec2_spot_fleets_by_life",
    *(spot_fleets.c[name] for name in ("account", "partition", "is_live", "region", "id")),
)

spot_fleet_instances = Table(
    "ec2_spot_fleet_instances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("fleet_id", Text, primary_key=True),
    Column("instance_id", Text, primary_key=True),
    Column("specification", Integer, nullable=False),
    Column("weight", Float, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ec2_spot_fleet_instances_by_instance",
    *(spot_fleet_instances.c[name] for name in (*_PLACE, "instance_id")),
)

spot_fleet_events = Table(
    "ec2_spot_fleet_events",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("fleet_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("information", Json, nullable=False),
    Column("happened_at", UtcTime, nullable=False),
)
Index(
    "ec2_spot_fleet_events_by_fleet",
    *(spot_fleet_events.c[name] for name in (*_PLACE, "fleet_id", "sequence")),
)

key_pairs = Table(
    "ec2_key_pairs",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("key_type", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index("ec2_key_pairs_by_id", *(key_pairs.c[name] for name in (*_PLACE, "id")), unique=True)

kept = Table(
    "ec2_kept",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("body", Json, nullable=False),
    sqlite_with_rowid=False,
)

stored_networks = Table(
    "ec2_stored_networks",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    sqlite_with_rowid=False,
)

vpcs = Table(
    "ec2_vpcs",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("cidr", Text, nullable=False),
    Column("is_default", Integer, nullable=False),
    Column("settings", Json),
    sqlite_with_rowid=False,
)

subnets = Table(
    "ec2_subnets",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("vpc_id", Text, nullable=False),
    Column("cidr", Text, nullable=False),
    Column("availability_zone", Text, nullable=False),
    Column("is_default", Integer, nullable=False),
    Column("settings", Json),
    sqlite_with_rowid=False,
)
Index("ec2_subnets_by_vpc", *(subnets.c[name] for name in (*_PLACE, "vpc_id", "id")))

security_groups = Table(
    "ec2_security_groups",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("vpc_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("ingress", Json, nullable=False),
    Column("egress", Json, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ec2_security_groups_by_name",
    *(security_groups.c[name] for name in (*_PLACE, "vpc_id", "name")),
    unique=True,
)
