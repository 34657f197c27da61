# What a user of Terraform has for a cluster and its node group; tests/real/test_terraform.py applies it.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" {
  description = "Where Nodeyard answers, such as http://127.0.0.1:8620."
}

variable "group" {
  description = "What changes of the node group."
  type = object({
    desired  = number
    labels   = map(string)
    tags     = map(string)
    release  = string
    template = string
  })
}

provider "aws" {
  endpoints {
    autoscaling = var.endpoint
    ec2         = var.endpoint
    eks         = var.endpoint
    iam         = var.endpoint
    sts         = var.endpoint
  }
}

data "aws_partition" "here" {}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnet_ids" "default" {
  vpc_id = data.aws_vpc.default.id
}

resource "aws_iam_role" "shop" {
  for_each = { cluster = "eks.amazonaws.com", node = "ec2.${data.aws_partition.here.dns_suffix}" }
  name     = "shop-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = each.value } }]
  })
}

resource "aws_iam_role_policy_attachment" "shop" {
  for_each = {
    AmazonEKSClusterPolicy             = "cluster"
    AmazonEKSWorkerNodePolicy          = "node"
    AmazonEKS_CNI_Policy               = "node"
    AmazonEC2ContainerRegistryReadOnly = "node"
  }
  role       = aws_iam_role.shop[each.value].name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/${each.key}"
}

resource "aws_eks_cluster" "shop" {
  name     = "eksngdemo"
  role_arn = aws_iam_role.shop["cluster"].arn
  version  = "1.32"

  vpc_config {
    subnet_ids = data.aws_subnet_ids.default.ids
  }

  depends_on = [aws_iam_role_policy_attachment.shop]
}

resource "aws_launch_template" "workers" {
  name = "workers"

  tag_specifications {
    resource_type = "instance"
    tags          = { kept-by = var.group.template }
  }
}

resource "aws_eks_node_group" "workers" {
  cluster_name         = aws_eks_cluster.shop.name
  node_group_name      = "workers"
  node_role_arn        = aws_iam_role.shop["node"].arn
  subnet_ids           = data.aws_subnet_ids.default.ids
  instance_types       = ["m5.large"]
  release_version      = var.group.release
  labels               = var.group.labels
  tags                 = var.group.tags

  launch_template {
    id      = aws_launch_template.workers.id
    version = aws_launch_template.workers.latest_version
  }

  scaling_config {
    min_size     = 1
    max_size     = 4
    desired_size = var.group.desired
  }

  depends_on = [aws_iam_role_policy_attachment.shop]
}
