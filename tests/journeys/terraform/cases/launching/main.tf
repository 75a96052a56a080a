# What instances are launched with: groups and their rules, templates, key pairs, placement groups; and what is looked up.
variable "step" {
  type    = string
  default = "first"
}

locals {
  changed  = var.step != "first"
  replaced = var.step == "replaced"
  tags     = { Name = local.changed ? "changed" : "first" }
  name     = local.replaced ? "other" : "jobs"
}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

data "aws_subnet" "first" {
  id = sort(data.aws_subnets.default.ids)[0]
}

data "aws_security_group" "default" {
  name   = "default"
  vpc_id = data.aws_vpc.default.id
}

data "aws_route_table" "main" {
  vpc_id = data.aws_vpc.default.id
  filter {
    name   = "association.main"
    values = ["true"]
  }
}

data "aws_internet_gateway" "default" {
  filter {
    name   = "attachment.vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

data "aws_ami" "ecs" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-ecs-hvm-*"]
  }
  filter {
    name   = "architecture"
    values = ["x86_64"]
  }
}

data "aws_ec2_instance_type_offerings" "here" {
  filter {
    name   = "instance-type"
    values = ["c5.large"]
  }
}

resource "aws_security_group" "jobs" {
  name        = local.name
  description = "jobs"
  vpc_id      = data.aws_vpc.default.id
  tags        = local.tags

  egress {
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = local.changed ? ["::/0"] : []
  }
}

resource "aws_security_group" "efs" {
  name        = "${local.name}-efs"
  description = "shared files"
  vpc_id      = data.aws_vpc.default.id
  tags        = local.tags
}

resource "aws_security_group_rule" "nfs" {
  security_group_id        = aws_security_group.efs.id
  type                     = "ingress"
  from_port                = local.replaced ? 2050 : 2049
  to_port                  = local.replaced ? 2050 : 2049
  protocol                 = "tcp"
  source_security_group_id = aws_security_group.jobs.id
  description              = local.changed ? "changed" : "first"
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.efs.id
  cidr_ipv4         = local.changed ? "10.0.0.0/8" : "172.16.0.0/12"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
  description       = local.changed ? "changed" : "first"
  tags              = local.tags
}

resource "aws_vpc_security_group_egress_rule" "out" {
  security_group_id = aws_security_group.efs.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
  tags              = local.tags
}

resource "aws_key_pair" "this" {
  key_name   = local.name
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINkAq+BB0SrAcDcRTcYVVbRg0u0uUyJmvGRVYqTo2wsw"
  tags       = local.tags
}

resource "aws_placement_group" "this" {
  name     = local.name
  strategy = "cluster"
  tags     = local.tags
}

resource "aws_launch_template" "this" {
  name                   = local.name
  description            = local.changed ? "changed" : "first"
  update_default_version = true
  image_id               = data.aws_ami.ecs.id
  instance_type          = one(data.aws_ec2_instance_type_offerings.here.instance_types)
  key_name               = aws_key_pair.this.key_name
  user_data              = base64encode("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"==B==\"\n\n--==B==--\n")
  vpc_security_group_ids = [aws_security_group.jobs.id]
  tags                   = local.tags

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = local.changed ? 100 : 50
      volume_type = "gp3"
      encrypted   = true
    }
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = local.tags
  }
}

data "aws_launch_template" "this" {
  name       = aws_launch_template.this.name
  depends_on = [aws_launch_template.this]
}

data "aws_key_pair" "this" {
  key_name           = aws_key_pair.this.key_name
  include_public_key = true
}
