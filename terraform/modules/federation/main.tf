resource "isthmus_cluster" "this" {
  for_each = var.clusters

  cluster = each.key
  drained = each.value.drained
}

resource "isthmus_endpoint" "this" {
  for_each = var.endpoints

  service   = split(".", each.key)[0]
  namespace = split("/", split(".", each.key)[1])[0]
  id        = split("/", each.key)[1]

  address          = each.value.address
  port             = each.value.port
  zone             = each.value.zone
  weight           = each.value.weight
  labels           = each.value.labels
  exported         = each.value.exported
  protocol         = each.value.protocol
  ttl              = each.value.ttl
  deregister_after = each.value.deregister_after
  check            = each.value.check
}

resource "isthmus_service_export" "this" {
  for_each = var.service_exports

  name      = split(".", each.key)[0]
  namespace = split(".", each.key)[1]
  exported  = each.value
}

resource "isthmus_traffic_policy" "this" {
  for_each = var.traffic_policies

  namespace = split("/", each.key)[0]
  name      = split("/", each.key)[1]
  target    = { service = each.value.service }
  balance   = each.value.balance
  timeouts  = each.value.timeouts
}

resource "isthmus_drill_schedule" "this" {
  for_each = var.drill_schedules

  name      = each.key
  cron      = each.value.cron
  time_zone = each.value.time_zone
  enabled   = each.value.enabled
  blackouts = each.value.blackouts
  spec      = each.value.spec
}
