"""The tables of ec2, as first laid out."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE ec2_instances (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    reservation_id TEXT NOT NULL,
    launch_index INTEGER NOT NULL,
    client_token TEXT,
    request_digest TEXT,
    state TEXT NOT NULL,
    state_reason TEXT,
    image_id TEXT NOT NULL,
    instance_type TEXT NOT NULL,
    vcpus INTEGER NOT NULL,
    memory_mib INTEGER NOT NULL,
    subnet_id TEXT NOT NULL,
    vpc_id TEXT NOT NULL,
    availability_zone TEXT NOT NULL,
    private_ip TEXT,
    security_groups TEXT NOT NULL,
    profile_arn TEXT,
    lifecycle TEXT NOT NULL,
    spot_request_id TEXT,
    launched_with TEXT NOT NULL,
    launched_at BIGINT NOT NULL,
    state_at BIGINT NOT NULL,
    PRIMARY KEY (account, partition, region, id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ec2_instances_by_address ON ec2_instances (account, partition, region, subnet_id, private_ip)
    """,
    """
    CREATE INDEX ec2_instances_by_lifecycle ON ec2_instances (account, partition, lifecycle)
    """,
    """
    CREATE INDEX ec2_instances_by_spot_request ON ec2_instances (account, partition, region, spot_request_id)
    """,
    """
    CREATE INDEX ec2_instances_by_token ON ec2_instances (account, partition, region, client_token)
    """,
    """
    CREATE TABLE ec2_tags (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    PRIMARY KEY (account, partition, region, resource_id, "key")
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ec2_tags_by_value ON ec2_tags (account, partition, region, "key", value, resource_id)
    """,
    """
    CREATE TABLE ec2_launch_templates (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    default_version INTEGER NOT NULL,
    latest_version INTEGER NOT NULL,
    client_token TEXT,
    request_digest TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, partition, region, id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX ec2_launch_templates_by_name ON ec2_launch_templates (account, partition, region, name)
    """,
    """
    CREATE INDEX ec2_launch_templates_by_token ON ec2_launch_templates (account, partition, region, client_token)
    """,
    """
    CREATE TABLE ec2_launch_template_versions (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    template_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    description TEXT,
    data TEXT NOT NULL,
    client_token TEXT,
    request_digest TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, partition, region, template_id, version)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ec2_launch_template_versions_by_token ON ec2_launch_template_versions (account, partition, region, template_id, client_token)
    """,
    """
    CREATE TABLE ec2_spot_fleets (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    config TEXT NOT NULL,
    state TEXT NOT NULL,
    is_live INTEGER NOT NULL,
    activity TEXT,
    target INTEGER NOT NULL,
    excess TEXT NOT NULL,
    client_token TEXT,
    request_digest TEXT,
    planned TEXT,
    launches INTEGER NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    state_at BIGINT NOT NULL,
    PRIMARY KEY (account, partition, region, id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ec2_spot_fleets_by_life ON ec2_spot_fleets (account, partition, is_live, region, id)
    """,
    """
    CREATE INDEX ec2_spot_fleets_by_token ON ec2_spot_fleets (account, partition, region, client_token)
    """,
    """
    CREATE TABLE ec2_spot_fleet_instances (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    fleet_id TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    specification INTEGER NOT NULL,
    weight FLOAT NOT NULL,
    PRIMARY KEY (account, partition, region, fleet_id, instance_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ec2_spot_fleet_instances_by_instance ON ec2_spot_fleet_instances (account, partition, region, instance_id)
    """,
    """
    CREATE TABLE ec2_spot_fleet_events (
    sequence INTEGER NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    fleet_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    information TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    PRIMARY KEY (sequence)
    )
    """,
    """
    CREATE INDEX ec2_spot_fleet_events_by_fleet ON ec2_spot_fleet_events (account, partition, region, fleet_id, sequence)
    """,
    """
    CREATE TABLE ec2_key_pairs (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    key_type TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    public_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, partition, region, name)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX ec2_key_pairs_by_id ON ec2_key_pairs (account, partition, region, id)
    """,
    """
    CREATE TABLE ec2_stored_networks (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (account, partition, region)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE ec2_vpcs (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    cidr TEXT NOT NULL,
    is_default INTEGER NOT NULL,
    PRIMARY KEY (account, partition, region, id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE ec2_subnets (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    vpc_id TEXT NOT NULL,
    cidr TEXT NOT NULL,
    availability_zone TEXT NOT NULL,
    is_default INTEGER NOT NULL,
    PRIMARY KEY (account, partition, region, id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ec2_subnets_by_vpc ON ec2_subnets (account, partition, region, vpc_id, id)
    """,
    """
    CREATE TABLE ec2_security_groups (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    vpc_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    ingress TEXT NOT NULL,
    egress TEXT NOT NULL,
    PRIMARY KEY (account, partition, region, id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX ec2_security_groups_by_name ON ec2_security_groups (account, partition, region, vpc_id, name)
    """,
]
