# IAM: the roles of a Batch module, and every other kind of IAM's resources that is built here.
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

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "logs" {
  statement {
    actions   = local.changed ? ["logs:PutLogEvents", "logs:CreateLogStream"] : ["logs:PutLogEvents"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "this" {
  name                 = local.name
  path                 = "/batch/"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  description          = local.changed ? "changed" : "first"
  max_session_duration = local.changed ? 7200 : 3600
  tags                 = local.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "logs"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.logs.json
}

resource "aws_iam_policy" "this" {
  name   = local.name
  path   = "/batch/"
  policy = data.aws_iam_policy_document.logs.json
  tags   = local.tags
}

resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this.arn
}

resource "aws_iam_role_policy_attachment" "ecs" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "this" {
  name = local.name
  role = aws_iam_role.this.name
  tags = local.tags
}

resource "aws_iam_user" "this" {
  name          = local.replaced ? "ci-other" : "ci"
  path          = "/batch/"
  force_destroy = true
  tags          = local.tags
}

resource "aws_iam_user_policy" "this" {
  name   = "logs"
  user   = aws_iam_user.this.name
  policy = data.aws_iam_policy_document.logs.json
}

resource "aws_iam_user_policy_attachment" "this" {
  user       = aws_iam_user.this.name
  policy_arn = aws_iam_policy.this.arn
}

resource "aws_iam_access_key" "this" {
  user   = aws_iam_user.this.name
  status = local.changed ? "Inactive" : "Active"
}

resource "aws_iam_user_ssh_key" "this" {
  username   = aws_iam_user.this.name
  encoding   = "SSH"
  status     = local.changed ? "Inactive" : "Active"
  public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQD3F6tyPEFEzV0LX3X8BsXdMsQz1x2cEikKDEY0aIj41qgxMCP/iteneqXSIFZBp5vizPvaoIR3Um9xK7PGoW8giupGn+EPuxIA4cDM4vzOqOkiMPhz5XK0whEjkVzTo4+S0puvDZuwIsdiW9mxhJc7tgBNL0cYlWSYVkz4G/fslNfRPW5mYAM49f4fhtxPb5ok4Q2Lg9dPKVHO/Bgeu5woMc7RY0p1ej6D4CKFE6lymSDJpW0YHX/wqE9+cfEauh7xZcG0q9t2ta6F6fmX0agvpFyZo8aFbXeUBr7osSCJNgvavWbM/06niWrOvYX2xwWdhXmXSrbX8ZbabVohBK41"
}

resource "aws_iam_service_specific_credential" "this" {
  service_name = "codecommit.amazonaws.com"
  user_name    = aws_iam_user.this.name
  status       = local.changed ? "Inactive" : "Active"
}

resource "aws_iam_virtual_mfa_device" "this" {
  virtual_mfa_device_name = local.name
  tags                    = local.tags
}

resource "aws_iam_group" "this" {
  name = local.changed ? "team-changed" : "team"
  path = "/batch/"
}

resource "aws_iam_group_policy" "this" {
  name   = "logs"
  group  = aws_iam_group.this.name
  policy = data.aws_iam_policy_document.logs.json
}

resource "aws_iam_group_policy_attachment" "this" {
  group      = aws_iam_group.this.name
  policy_arn = aws_iam_policy.this.arn
}

resource "aws_iam_user_group_membership" "this" {
  user   = aws_iam_user.this.name
  groups = [aws_iam_group.this.name]
}

resource "aws_iam_openid_connect_provider" "this" {
  url             = local.replaced ? "https://other.example" : "https://tokens.example"
  client_id_list  = local.changed ? ["sts.amazonaws.com", "more"] : ["sts.amazonaws.com"]
  thumbprint_list = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
  tags            = local.tags
}

resource "aws_iam_account_alias" "this" {
  account_alias = "batch-${local.name}-${data.aws_caller_identity.current.account_id}"
}

resource "aws_iam_account_password_policy" "this" {
  minimum_password_length        = local.changed ? 16 : 12
  allow_users_to_change_password = true
  require_symbols                = true
}

resource "aws_iam_service_linked_role" "batch" {
  aws_service_name = "batch.amazonaws.com"
  description      = local.changed ? "changed" : "first"
  tags             = local.tags
}

data "aws_iam_role" "this" {
  name = aws_iam_role.this.name
}

data "aws_iam_roles" "all" {
  path_prefix = "/batch/"
  depends_on  = [aws_iam_role.this]
}

data "aws_iam_policy" "this" {
  arn = aws_iam_policy.this.arn
}

data "aws_iam_instance_profile" "this" {
  name = aws_iam_instance_profile.this.name
}

data "aws_iam_user" "this" {
  user_name = aws_iam_user.this.name
}

data "aws_iam_users" "all" {
  path_prefix = "/batch/"
  depends_on  = [aws_iam_user.this]
}

data "aws_iam_group" "this" {
  group_name = aws_iam_group.this.name
}

data "aws_iam_account_alias" "this" {
  depends_on = [aws_iam_account_alias.this]
}

data "aws_iam_session_context" "this" {
  arn = data.aws_caller_identity.current.arn
}
