# Batch's service-linked role beside an environment that it serves: made first, destroyed last. And pods' definitions.
variable "step" {
  type    = string
  default = "first"
}

locals {
  changed  = var.step != "first"
  replaced = var.step == "replaced"
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

data "aws_security_groups" "default" {
  filter {
    name   = "group-name"
    values = ["default"]
  }
}

resource "aws_iam_service_linked_role" "batch" {
  aws_service_name = "batch.amazonaws.com"
  description      = local.changed ? "changed" : "first"
}

resource "aws_batch_compute_environment" "this" {
  compute_environment_name = local.name
  type                     = "MANAGED"
  service_role             = aws_iam_service_linked_role.batch.arn

  compute_resources {
    type               = "FARGATE"
    max_vcpus          = local.changed ? 32 : 16
    subnets            = data.aws_subnets.default.ids
    security_group_ids = data.aws_security_groups.default.ids
  }
}

resource "aws_batch_job_definition" "pod" {
  name = local.name
  type = "container"

  eks_properties {
    pod_properties {
      host_network         = true
      service_account_name = "jobs"
      dns_policy           = "ClusterFirst"

      containers {
        name    = "main"
        image   = "public.ecr.aws/docker/library/busybox"
        command = ["sleep", local.changed ? "2" : "1"]

        env {
          name  = "STEP"
          value = var.step
        }

        resources {
          limits = {
            cpu    = "1"
            memory = "1024Mi"
          }
        }

        volume_mounts {
          name       = "scratch"
          mount_path = "/scratch"
        }
      }

      volumes {
        name = "scratch"
        empty_dir {
          size_limit = "1Gi"
        }
      }

      metadata {
        labels = { team = "red" }
      }
    }
  }
}
