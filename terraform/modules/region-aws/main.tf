data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_vpc" "this" {
  id = var.vpc_id
}

data "aws_subnet" "balancers" {
  for_each = merge(
    { for zone, id in var.subnet_ids : "outbound-${zone}" => id },
    { for zone, id in local.edge_subnet_ids : "edge-${zone}" => id },
  )

  id = each.value
}

data "aws_ami" "this" {
  most_recent = true
  owners      = var.ami_id == null ? ["136693071363"] : null # Debian

  filter {
    name   = var.ami_id == null ? "name" : "image-id"
    values = [var.ami_id == null ? "debian-13-${var.architecture}-*" : var.ami_id]
  }
}

locals {
  name = "isthmus-${var.cluster}"
  tags = merge(var.tags, { "isthmus:federation" = var.federation, "isthmus:cluster" = var.cluster })

  edge_subnet_ids = coalesce(var.edge_subnet_ids, var.subnet_ids)

  # By names that are known before the VPC is made.
  ranges = {
    programs = var.program_cidr_blocks == null ? { vpc = data.aws_vpc.this.cidr_block } : { for range in var.program_cidr_blocks : range => range }
    services = var.service_cidr_blocks == null ? { vpc = data.aws_vpc.this.cidr_block } : { for range in var.service_cidr_blocks : range => range }
    clusters = { for range in var.federation_cidr_blocks : range => range }
    clients  = { for range in var.client_cidr_blocks : range => range }
  }

  health_port = 7002

  # With PROXY protocol a connection comes from the load balancer's own address, in its subnets; the security group lets nobody else in there.
  balancer_ranges = sort(distinct([for subnet in data.aws_subnet.balancers : subnet.cidr_block]))
  ingress         = [for one in var.ingress : merge(one, { proxyProtocol = true })]
  tcp             = [for one in var.tcp : merge(one, { proxyProtocol = true })]

  # At the federation's port, where clusters join, there is none: there the load balancer keeps the address itself.
  listeners = merge(
    {
      outbound   = { balancer = "outbound", port = 7080, has_proxy_header = true, from = local.ranges.programs }
      east-west  = { balancer = "edge", port = 7443, has_proxy_header = true, from = local.ranges.clusters }
      federation = { balancer = "edge", port = 7444, has_proxy_header = false, from = local.ranges.clusters }
    },
    { for one in concat(var.ingress, var.tcp) : "client-${regex(":(\\d+)$", one.listen)[0]}" => {
      balancer = "edge", port = tonumber(regex(":(\\d+)$", one.listen)[0]), has_proxy_header = true, from = local.ranges.clients
    } },
  )

  advertised = coalesce(var.advertise_host, aws_lb.this["edge"].dns_name)
}

module "gateway" {
  source = "../region"

  federation = var.federation
  cluster    = var.cluster
  region     = data.aws_region.current.name
  capacity   = var.capacity
  package    = var.package

  listeners = { outboundProxyProtocol = true, eastWestProxyProtocol = true }
  advertise = { eastWest = ["${local.advertised}:7443"], federation = ["${local.advertised}:7444"] }
  registry = var.registry_etcd == null ? null : {
    etcd = {
      endpoints = var.registry_etcd.endpoints
      ca        = "secrets/etcd-ca.pem"
      cert      = "secrets/etcd.pem"
      key       = "secrets/etcd.key"
      found     = var.registry_etcd.found
    }
  }
  standalone      = false
  services        = var.services
  ingress         = local.ingress
  tcp             = local.tcp
  trusted_proxies = local.balancer_ranges
  drain_timeout   = "${var.drain_seconds}s"
  network         = try(var.gateway.network, null)
  balance         = try(var.gateway.balance, {})
  timeouts        = try(var.gateway.timeouts, {})
  limits          = try(var.gateway.limits, {})
  workers         = try(var.gateway.workers, null)
  warm_up         = try(var.gateway.warm_up, null)
  overload        = try(var.gateway.overload, {})
  expose_decision = try(var.gateway.expose_decision, null)
  log             = try(var.gateway.log, {})
  tracing         = try(var.gateway.tracing, null)
  metrics         = try(var.gateway.metrics, null)
  sampling        = try(var.gateway.sampling, null)
  ca              = try(var.gateway.ca, null)
  audit           = try(var.gateway.audit, null)
  history         = try(var.gateway.history, null)
  quotas          = try(var.gateway.quotas, null)
  verify          = try(var.gateway.verify, null)
  trust           = try(var.gateway.trust, null)

  gateway_id_command = "${local.program_dir}/metadata instance-id"
  zone_command       = "${local.program_dir}/metadata placement/availability-zone"
  advertise_command  = "${local.program_dir}/metadata local-ipv4"
  join_token_command = local.founds ? null : "${local.program_dir}/secret get ${aws_secretsmanager_secret.join_token[0].arn}"
  identity = {
    load_command = "${local.program_dir}/secret find ${aws_secretsmanager_secret.identity.arn}"
    save_command = "${local.program_dir}/secret put ${aws_secretsmanager_secret.identity.arn}"
  }
  secret_commands = { for name, secret in local.secret_files : name => join(" ", compact(["${local.program_dir}/secret get ${secret.arn}", secret.field])) }
  packages        = ["awscli", "ca-certificates", "curl", "jq", "openssl", "unattended-upgrades"]
  extra_files     = local.extra_files
  extra_commands = [
    "systemctl daemon-reload",
    "systemctl enable --now isthmus-health.socket isthmus-lifecycle.service isthmus-secrets.timer${length(var.admits) > 0 ? " isthmus-admit.timer" : ""}",
  ]
}

################################################################################
# Gateways
################################################################################

resource "aws_launch_template" "this" {
  name_prefix            = "${local.name}-"
  description            = "Gateways of ${var.cluster}"
  image_id               = data.aws_ami.this.id
  instance_type          = var.instance_type
  key_name               = var.key_name
  user_data              = base64gzip(module.gateway.user_data)
  update_default_version = true

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  network_interfaces {
    associate_public_ip_address = false
    delete_on_termination       = true
    security_groups             = [aws_security_group.gateways.id]
  }

  block_device_mappings {
    device_name = data.aws_ami.this.root_device_name

    ebs {
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      volume_type           = "gp3"
      volume_size           = 16
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = local.name })
    }
  }

  tags = local.tags

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = length(base64gzip(module.gateway.user_data)) <= 21848
      error_message = "User data is over EC2's 16 KiB: register services by API or by the module federation in place of `services` here."
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                      = local.name
  min_size                  = var.size.min
  max_size                  = var.size.max
  desired_capacity          = var.size.desired
  vpc_zone_identifier       = values(var.subnet_ids)
  target_group_arns         = [for group in aws_lb_target_group.this : group.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 600
  default_instance_warmup   = 120
  max_instance_lifetime     = var.max_instance_lifetime_days == null ? null : var.max_instance_lifetime_days * 86400
  capacity_rebalance        = false
  min_elb_capacity          = var.waits_until_ready ? var.size.min : null
  wait_for_capacity_timeout = var.waits_until_ready ? "15m" : "0"

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 200
  }

  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 200
      auto_rollback          = true
      skip_matching          = true
    }
  }

  dynamic "tag" {
    for_each = merge(local.tags, { Name = local.name })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false
    }
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }

  depends_on = [aws_iam_role_policy.this, aws_lb_listener.this]
}

resource "aws_autoscaling_lifecycle_hook" "drain" {
  name                   = local.hook
  autoscaling_group_name = aws_autoscaling_group.this.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = var.deregistration_seconds + var.drain_seconds + 60
  default_result         = "CONTINUE"
}

resource "aws_autoscaling_policy" "cpu" {
  count = var.cpu_target == null ? 0 : 1

  name                   = "cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.cpu_target

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
