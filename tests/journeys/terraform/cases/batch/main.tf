# Batch: environments on EC2, Spot and Fargate, queues, fair share, definitions.
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

data "aws_security_group" "default" {
  name   = "default"
  vpc_id = data.aws_vpc.default.id
}

resource "aws_iam_role" "instance" {
  name = "ecs-instance"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "instance" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "instance" {
  name = "ecs-instance"
  role = aws_iam_role.instance.name
}

resource "aws_iam_role" "fleet" {
  name = "spot-fleet"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "spotfleet.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "fleet" {
  role       = aws_iam_role.fleet.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2SpotFleetTaggingRole"
}

resource "aws_iam_role" "task" {
  name = "task"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_launch_template" "this" {
  name = "jobs"
  tag_specifications {
    resource_type = "instance"
    tags          = local.tags
  }
}

resource "aws_placement_group" "this" {
  name     = "jobs"
  strategy = "cluster"
}

resource "aws_batch_compute_environment" "ec2" {
  compute_environment_name_prefix = "${local.name}-ec2-"
  type                            = "MANAGED"
  state                           = local.changed ? "DISABLED" : "ENABLED"
  tags                            = local.tags

  compute_resources {
    type                = "EC2"
    allocation_strategy = "BEST_FIT_PROGRESSIVE"
    min_vcpus           = 0
    max_vcpus           = local.changed ? 32 : 16
    instance_role       = aws_iam_instance_profile.instance.arn
    instance_type       = local.changed ? ["c5.large", "m5.large"] : ["c5.large"]
    subnets             = data.aws_subnets.default.ids
    security_group_ids  = [data.aws_security_group.default.id]
    placement_group     = aws_placement_group.this.name
    tags                = { Owner = "jobs" }

    ec2_configuration {
      image_type = "ECS_AL2023"
    }

    launch_template {
      launch_template_id = aws_launch_template.this.id
      version            = "$Latest"
    }
  }

  update_policy {
    job_execution_timeout_minutes = local.changed ? 30 : 60
    terminate_jobs_on_update      = false
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_iam_role_policy_attachment.instance]
}

resource "aws_batch_compute_environment" "spot" {
  compute_environment_name = "${local.name}-spot"
  type                     = "MANAGED"
  tags                     = local.tags

  compute_resources {
    type                = "SPOT"
    allocation_strategy = "BEST_FIT"
    bid_percentage      = 70
    spot_iam_fleet_role = aws_iam_role.fleet.arn
    min_vcpus           = 0
    max_vcpus           = local.changed ? 32 : 16
    instance_role       = aws_iam_instance_profile.instance.arn
    instance_type       = ["c5.large"]
    subnets             = data.aws_subnets.default.ids
    security_group_ids  = [data.aws_security_group.default.id]
  }

  depends_on = [aws_iam_role_policy_attachment.instance, aws_iam_role_policy_attachment.fleet]
}

resource "aws_batch_compute_environment" "fargate" {
  compute_environment_name = "${local.name}-fargate"
  type                     = "MANAGED"
  tags                     = local.tags

  compute_resources {
    type               = "FARGATE"
    max_vcpus          = local.changed ? 32 : 16
    subnets            = data.aws_subnets.default.ids
    security_group_ids = [data.aws_security_group.default.id]
  }
}

resource "aws_batch_scheduling_policy" "this" {
  name = local.name
  tags = local.tags

  fair_share_policy {
    compute_reservation = 1
    share_decay_seconds = local.changed ? 7200 : 3600

    share_distribution {
      share_identifier = "A1*"
      weight_factor    = local.changed ? 0.2 : 0.1
    }
  }
}

resource "aws_batch_job_queue" "ec2" {
  name     = "${local.name}-ec2"
  state    = local.changed ? "DISABLED" : "ENABLED"
  priority = local.changed ? 20 : 10
  tags     = local.tags

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.ec2.arn
  }
}

resource "aws_batch_job_queue" "shared" {
  name                  = "${local.name}-shared"
  state                 = "ENABLED"
  priority              = 1
  scheduling_policy_arn = aws_batch_scheduling_policy.this.arn
  tags                  = local.tags

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.fargate.arn
  }
}

resource "aws_batch_job_queue" "limited" {
  name     = "${local.name}-limited"
  state    = "ENABLED"
  priority = 1

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.spot.arn
  }

  job_state_time_limit_action {
    action           = "CANCEL"
    max_time_seconds = local.changed ? 7200 : 600
    reason           = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
    state            = "RUNNABLE"
  }
}

resource "aws_batch_job_definition" "ec2" {
  name                  = "${local.name}-ec2"
  type                  = "container"
  platform_capabilities = ["EC2"]
  propagate_tags        = true
  tags                  = local.tags
  parameters            = { greeting = "hello" }

  container_properties = jsonencode({
    image   = "busybox"
    command = ["echo", local.changed ? "changed" : "first"]
    resourceRequirements = [
      { type = "VCPU", value = "1" },
      { type = "MEMORY", value = "512" },
    ]
    environment = [{ name = "STEP", value = var.step }]
    jobRoleArn  = aws_iam_role.task.arn
  })

  retry_strategy {
    attempts = 3
    evaluate_on_exit {
      action           = "RETRY"
      on_status_reason = "Host EC2*"
    }
    evaluate_on_exit {
      action    = "EXIT"
      on_reason = "*"
    }
  }

  timeout {
    attempt_duration_seconds = local.changed ? 120 : 60
  }
}

resource "aws_batch_job_definition" "fargate" {
  name                  = "${local.name}-fargate"
  type                  = "container"
  platform_capabilities = ["FARGATE"]
  scheduling_priority   = local.changed ? 2 : 1

  container_properties = jsonencode({
    image            = "busybox"
    command          = ["true"]
    executionRoleArn = aws_iam_role.task.arn
    resourceRequirements = [
      { type = "VCPU", value = "0.25" },
      { type = "MEMORY", value = "512" },
    ]
    fargatePlatformConfiguration = { platformVersion = "LATEST" }
    networkConfiguration         = { assignPublicIp = "ENABLED" }
    runtimePlatform              = { operatingSystemFamily = "LINUX", cpuArchitecture = "X86_64" }
  })
}

data "aws_batch_compute_environment" "ec2" {
  compute_environment_name = aws_batch_compute_environment.ec2.compute_environment_name
}

data "aws_batch_job_queue" "ec2" {
  name = aws_batch_job_queue.ec2.name
}

data "aws_batch_scheduling_policy" "this" {
  arn = aws_batch_scheduling_policy.this.arn
}

data "aws_batch_job_definition" "ec2" {
  arn = aws_batch_job_definition.ec2.arn
}
