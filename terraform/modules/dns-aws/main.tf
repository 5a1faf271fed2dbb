locals {
  is_checked = !var.is_private_zone
}

# A load balancer answers for its targets by leaving its name out of DNS; these look whether clients get through to it.
resource "aws_route53_health_check" "this" {
  for_each = local.is_checked ? var.targets : {}

  type              = var.health_check.path == null ? "TCP" : "HTTPS"
  fqdn              = var.health_check.path == null ? each.value.dns_name : "${each.key}.${var.name}"
  port              = var.health_check.port
  resource_path     = var.health_check.path
  enable_sni        = var.health_check.path == null ? null : true
  request_interval  = var.health_check.request_interval
  failure_threshold = var.health_check.failure_threshold
  measure_latency   = true

  tags = merge(var.tags, { Name = "${each.key}.${var.name}" })
}

resource "aws_route53_record" "this" {
  for_each = var.targets

  zone_id         = var.zone_id
  name            = var.name
  type            = "A"
  set_identifier  = each.key
  health_check_id = local.is_checked ? aws_route53_health_check.this[each.key].id : null

  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = true
  }

  dynamic "latency_routing_policy" {
    for_each = var.routing == "latency" ? [each.value.region] : []

    content {
      region = latency_routing_policy.value
    }
  }

  dynamic "weighted_routing_policy" {
    for_each = var.routing == "weighted" ? [each.value.weight] : []

    content {
      weight = weighted_routing_policy.value
    }
  }

  dynamic "failover_routing_policy" {
    for_each = var.routing == "failover" ? [each.value.weight > 0 ? "PRIMARY" : "SECONDARY"] : []

    content {
      type = failover_routing_policy.value
    }
  }
}

resource "aws_route53_record" "cluster" {
  for_each = var.cluster_names ? var.targets : {}

  zone_id = var.zone_id
  name    = "${each.key}.${var.name}"
  type    = "A"

  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = false
  }
}

# Gateways of other clusters dial these. They decide for themselves which addresses are well, so DNS leaves none out.
resource "aws_route53_record" "east_west" {
  for_each = { for name, target in var.targets : name => target.east_west if target.east_west != null }

  zone_id = var.zone_id
  name    = "gateways.${each.key}.${var.name}"
  type    = "A"

  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = false
  }
}
