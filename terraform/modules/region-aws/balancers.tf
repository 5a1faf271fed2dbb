resource "aws_lb" "this" {
  for_each = {
    outbound = { internal = true, subnets = values(var.subnet_ids) }
    edge     = { internal = var.is_internal, subnets = values(local.edge_subnet_ids) }
  }

  name                             = "${var.cluster}-${each.key}"
  internal                         = each.value.internal
  load_balancer_type               = "network"
  subnets                          = each.value.subnets
  security_groups                  = [aws_security_group.balancers[each.key].id]
  enable_deletion_protection       = var.deletion_protection
  enable_cross_zone_load_balancing = true
  # Programs are led to the load balancer's address in their own zone, as long as there is one.
  dns_record_client_routing_policy = each.value.internal ? "availability_zone_affinity" : "any_availability_zone"

  tags = local.tags
}

resource "aws_lb_target_group" "this" {
  for_each = local.listeners

  name_prefix            = "isth-"
  vpc_id                 = var.vpc_id
  target_type            = "instance"
  protocol               = "TCP"
  port                   = each.value.port
  proxy_protocol_v2      = each.value.has_proxy_header
  preserve_client_ip     = !each.value.has_proxy_header
  deregistration_delay   = var.deregistration_seconds + var.drain_seconds
  connection_termination = false

  health_check {
    protocol            = "HTTP"
    port                = local.health_port
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 6
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  # A gateway that is not ready any more, for it ends, finishes what it has.
  target_health_state {
    enable_unhealthy_connection_termination = false
  }

  tags = merge(local.tags, { Name = "${local.name}-${each.key}" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "this" {
  for_each = local.listeners

  load_balancer_arn = aws_lb.this[each.value.balancer].arn
  protocol          = "TCP"
  port              = each.value.port

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }

  tags = local.tags
}

################################################################################
# Who may connect: the world to load balancers, as the inputs say, and load balancers alone to gateways
################################################################################

resource "aws_security_group" "balancers" {
  for_each = toset(["outbound", "edge"])

  name_prefix = "${local.name}-${each.key}-"
  description = "Load balancer ${each.key} of ${var.cluster}"
  vpc_id      = var.vpc_id

  tags = merge(local.tags, { Name = "${local.name}-${each.key}" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "balancers" {
  for_each = merge([for name, listener in local.listeners : {
    for key, range in listener.from : "${name} ${key}" => merge(listener, { name = name, range = range })
  }]...)

  security_group_id = aws_security_group.balancers[each.value.balancer].id
  description       = each.value.name
  cidr_ipv4         = each.value.range
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "balancers" {
  for_each = merge(local.listeners, {
    health-edge     = { balancer = "edge", port = local.health_port }
    health-outbound = { balancer = "outbound", port = local.health_port }
  })

  security_group_id            = aws_security_group.balancers[each.value.balancer].id
  description                  = each.key
  referenced_security_group_id = aws_security_group.gateways.id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_security_group" "gateways" {
  name_prefix = "${local.name}-"
  description = "Gateways of ${var.cluster}"
  vpc_id      = var.vpc_id

  tags = merge(local.tags, { Name = local.name })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "gateways" {
  for_each = merge(local.listeners, {
    health-edge     = { balancer = "edge", port = local.health_port }
    health-outbound = { balancer = "outbound", port = local.health_port }
  })

  security_group_id            = aws_security_group.gateways.id
  description                  = each.key
  referenced_security_group_id = aws_security_group.balancers[each.value.balancer].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "metrics" {
  for_each = var.metrics_security_group_ids

  security_group_id            = aws_security_group.gateways.id
  description                  = "Metrics for ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = local.health_port
  to_port                      = local.health_port
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = var.ssh_security_group_ids

  security_group_id            = aws_security_group.gateways.id
  description                  = "SSH for ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 22
  to_port                      = 22
}

resource "aws_vpc_security_group_egress_rule" "gateways" {
  for_each = merge(
    { for key, range in local.ranges.services : "services ${key}" => { range = range, from = 1, to = 65535 } },
    # Others choose their own ports.
    { for key, range in local.ranges.clusters : "other clusters ${key}" => { range = range, from = 1024, to = 65535 } },
    { for url in try(var.registry_etcd.endpoints, []) : "etcd ${url}" => {
      range = "${regex("^https://([0-9.]+):", url)[0]}/32", from = tonumber(regex(":(\\d+)$", url)[0]), to = tonumber(regex(":(\\d+)$", url)[0])
    } },
    {
      "AWS, secrets and packages by HTTPS" = { range = "0.0.0.0/0", from = 443, to = 443 }
      "signed packages of Debian by HTTP"  = { range = "0.0.0.0/0", from = 80, to = 80 }
    },
  )

  security_group_id = aws_security_group.gateways.id
  description       = replace(each.key, "/[^ a-zA-Z0-9._:\\/,-]/", "")
  cidr_ipv4         = each.value.range
  ip_protocol       = "tcp"
  from_port         = each.value.from
  to_port           = each.value.to
}
