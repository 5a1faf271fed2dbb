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

run "a_policy_says_something" {
  command = plan
  variables {
    traffic_policies = { "shop/orders" = { service = "orders" } }
  }
  expect_failures = [var.traffic_policies]
}

run "a_service_is_named_with_its_namespace" {
  command = plan
  variables {
    service_exports = { orders = true }
  }
  expect_failures = [var.service_exports]
}

run "a_drill_is_of_a_known_kind" {
  command = plan
  variables {
    drill_schedules = { monthly = { cron = "0 10 1 * *", spec = { kind = "explode" } } }
  }
  expect_failures = [var.drill_schedules]
}

run "an_endpoint_is_named_with_its_service" {
  command = plan
  variables {
    endpoints = { "orders-1" = { address = "10.0.0.5", port = 8080 } }
  }
  expect_failures = [var.endpoints]
}
