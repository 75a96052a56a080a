"""The parts of networks: what is set of VPCs and subnets, and every kind that is one row of `ec2_kept`.

A VPC that was made before has its main route table and default network ACL from now on; a default one its Internet
gateway, too. Their ids have the VPC's digits, as those that are made up have.
"""

STATEMENTS: list[str] = [
    "ALTER TABLE ec2_vpcs ADD COLUMN settings TEXT",
    "ALTER TABLE ec2_subnets ADD COLUMN settings TEXT",
    """
    CREATE TABLE ec2_kept (
    account TEXT NOT NULL,
    "partition" TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (account, "partition", region, kind, id)
    )
    WITHOUT ROWID
    """,
    """
    INSERT INTO ec2_kept SELECT account, "partition", region, 'route-table', 'rtb-' || substr(id, 5), json_object(
    'VpcId', id, 'associations', json_array(json_object('id', 'rtbassoc-' || substr(id, 5))),
    'routes', iif(is_default, json_array(json_object('DestinationCidrBlock', '0.0.0.0/0', 'GatewayId', 'igw-' || substr(id, 5))), json_array())
    ) FROM ec2_vpcs
    """,
    """
    INSERT INTO ec2_kept SELECT account, "partition", region, 'network-acl', 'acl-' || substr(id, 5), json_object(
    'VpcId', id, 'default', json('true'), 'subnets', json_object(), 'entries', json_array(
    json_object('RuleNumber', 100, 'Protocol', '-1', 'RuleAction', 'allow', 'Egress', json('true'), 'CidrBlock', '0.0.0.0/0'),
    json_object('RuleNumber', 100, 'Protocol', '-1', 'RuleAction', 'allow', 'Egress', json('false'), 'CidrBlock', '0.0.0.0/0'))
    ) FROM ec2_vpcs
    """,
    """
    INSERT INTO ec2_kept SELECT account, "partition", region, 'internet-gateway', 'igw-' || substr(id, 5),
    json_object('VpcId', id) FROM ec2_vpcs WHERE is_default
    """,
]
