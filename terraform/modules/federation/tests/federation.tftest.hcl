# What is planned, and what is refused before any gateway is asked. Against real gateways: test/terraform/local.test.ts.

mock_provider "isthmus" {}

run "everything_is_found_under_its_name" {
  command = plan

  variables {
    clusters         = { dc1 = {} }
    service_exports  = { "orders.shop" = true }
    traffic_policies = { "shop/orders" = { service = "orders", timeouts = { request = "2s" } }, "shop/all" = { balance = { algorithm = "least-request" } } }
    drill_schedules  = { monthly = { cron = "0 10 1 * *", spec = { kind = "evacuate", scope = { cluster = "dc1" } } } }
    endpoints        = { "orders.shop/orders-1" = { address = "10.0.0.5", port = 8080, check = { http = { path = "/healthz" } } } }
  }

  assert {
    condition     = isthmus_service_export.this["orders.shop"].name == "orders" && isthmus_service_export.this["orders.shop"].namespace == "shop"
    error_message = "A service export is named by its service and namespace."
  }
  assert {
    condition     = isthmus_endpoint.this["orders.shop/orders-1"].service == "orders" && isthmus_endpoint.this["orders.shop/orders-1"].namespace == "shop" && isthmus_endpoint.this["orders.shop/orders-1"].id == "orders-1"
    error_message = "An endpoint is named by its service, namespace and id."
  }
  assert {
    condition     = isthmus_traffic_policy.this["shop/orders"].target.service == "orders" && isthmus_traffic_policy.this["shop/all"].target.service == null
    error_message = "A policy is for one service, or for all of its namespace."
  }
  assert {
    condition     = isthmus_cluster.this["dc1"].drained == false && isthmus_drill_schedule.this["monthly"].spec.scope.cluster == "dc1"
    error_message = "A cluster takes traffic unless it says otherwise, and a drill has its scope."
  }
}

# One run for all of them: each starts the provider.
run "names_and_kinds_are_looked_at_before_any_gateway_is_asked" {
  command = plan
  variables {
    clusters         = { "DC 1" = {} }
    traffic_policies = { "shop/orders" = { service = "orders" } }
    service_exports  = { orders = true }
    drill_schedules  = { monthly = { cron = "0 10 1 * *", spec = { kind = "explode" } } }
    endpoints        = { "orders-1" = { address = "10.0.0.5", port = 8080 } }
  }
  expect_failures = [var.clusters, var.traffic_policies, var.service_exports, var.drill_schedules, var.endpoints]
}
