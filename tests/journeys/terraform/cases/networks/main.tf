# Networks: what a Batch module's VPC is made of.
variable "step" {
  type    = string
  default = "first"
}

locals {
  changed  = var.step != "first"
  replaced = var.step == "replaced"
  tags     = { Name = local.changed ? "changed" : "first" }
  block    = local.replaced ? "10.3.0.0/16" : "10.2.0.0/16"
}

data "aws_availability_zones" "all" {
  state = "available"
}

resource "aws_vpc" "this" {
  cidr_block                       = local.block
  assign_generated_ipv6_cidr_block = true
  enable_dns_hostnames             = local.changed
  tags                             = local.tags
}

resource "aws_vpc_dhcp_options" "this" {
  domain_name         = local.replaced ? "other.example" : "jobs.example"
  domain_name_servers = ["AmazonProvidedDNS"]
  tags                = local.tags
}

resource "aws_vpc_dhcp_options_association" "this" {
  vpc_id          = aws_vpc.this.id
  dhcp_options_id = aws_vpc_dhcp_options.this.id
}

resource "aws_vpc_ipv4_cidr_block_association" "more" {
  vpc_id     = aws_vpc.this.id
  cidr_block = local.replaced ? "10.7.0.0/16" : "10.5.0.0/16"
}

resource "aws_subnet" "public" {
  count                           = 2
  vpc_id                          = aws_vpc.this.id
  cidr_block                      = cidrsubnet(local.block, 8, count.index)
  ipv6_cidr_block                 = cidrsubnet(aws_vpc.this.ipv6_cidr_block, 8, count.index)
  availability_zone               = data.aws_availability_zones.all.names[count.index]
  map_public_ip_on_launch         = local.changed
  assign_ipv6_address_on_creation = local.changed
  tags                            = local.tags
}

resource "aws_subnet" "private" {
  vpc_id            = aws_vpc_ipv4_cidr_block_association.more.vpc_id
  cidr_block        = cidrsubnet(aws_vpc_ipv4_cidr_block_association.more.cidr_block, 8, 10)
  availability_zone = data.aws_availability_zones.all.names[0]
  tags              = local.tags
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = local.tags

  # The provider would move it to the new VPC in place, and so hold up the end of the old one.
  lifecycle {
    replace_triggered_by = [aws_vpc.this.cidr_block]
  }
}

resource "aws_egress_only_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = local.tags
}

resource "aws_eip" "nat" {
  domain = "vpc"
  tags   = local.tags
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public[0].id
  tags          = local.tags
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = local.tags

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }

  dynamic "route" {
    for_each = local.changed ? [1] : []
    content {
      ipv6_cidr_block = "::/0"
      gateway_id      = aws_internet_gateway.this.id
    }
  }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id
  tags   = local.tags
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = local.replaced ? "172.20.0.0/16" : "0.0.0.0/0"
  nat_gateway_id         = local.changed ? null : aws_nat_gateway.this.id
  gateway_id             = local.changed ? aws_internet_gateway.this.id : null
}

resource "aws_route" "out6" {
  route_table_id              = aws_route_table.private.id
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = aws_egress_only_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  count          = 2
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = local.changed ? aws_route_table.private.id : aws_route_table.public.id
}

resource "aws_main_route_table_association" "this" {
  vpc_id         = aws_vpc.this.id
  route_table_id = aws_route_table.public.id

  # Likewise: in place, but after the old tables are gone.
  lifecycle {
    replace_triggered_by = [aws_vpc.this.cidr_block]
  }
}

resource "aws_network_acl" "this" {
  vpc_id     = aws_vpc.this.id
  subnet_ids = local.changed ? [aws_subnet.private.id] : []
  tags       = local.tags

  ingress {
    rule_no    = 100
    protocol   = "tcp"
    action     = "allow"
    cidr_block = "10.0.0.0/8"
    from_port  = local.changed ? 1024 : 443
    to_port    = local.changed ? 65535 : 443
  }
}

resource "aws_network_acl_rule" "out" {
  network_acl_id = aws_network_acl.this.id
  rule_number    = local.replaced ? 300 : 200
  egress         = true
  protocol       = "-1"
  rule_action    = "allow"
  cidr_block     = "0.0.0.0/0"
}
