mock_provider "aws" {}

variables {
  zone_id = "Z0123456789ABCDEFGHIJ"
  name    = "api.example.com"
  targets = {
    us = { region = "us-east-1", dns_name = "us.elb.amazonaws.com", zone_id = "Z26RNL4JYFTOTI", east_west = { dns_name = "us.elb.amazonaws.com", zone_id = "Z26RNL4JYFTOTI" } }
    eu = { region = "eu-west-1", dns_name = "eu.elb.amazonaws.com", zone_id = "Z2IFOLAFXWLO4F" }
  }
}

run "clients_are_led_to_the_nearest_region_that_is_well_and_each_cluster_has_a_name_of_its_own" {
  command = apply

  assert {
    condition     = { for name, record in aws_route53_record.this : name => record.latency_routing_policy[0].region } == { us = "us-east-1", eu = "eu-west-1" }
    error_message = "Each target has a latency record of its region."
  }

  assert {
    condition     = alltrue([for name, record in aws_route53_record.this : record.health_check_id == aws_route53_health_check.this[name].id && one(record.alias).evaluate_target_health])
    error_message = "A record counts only while its health check passes and its load balancer is well."
  }

  assert {
    condition     = alltrue([for check in aws_route53_health_check.this : check.type == "TCP" && check.port == 443])
    error_message = "Without a path the port is looked at."
  }

  assert {
    condition     = aws_route53_record.cluster["eu"].name == "eu.api.example.com" && !one(aws_route53_record.cluster["eu"].alias).evaluate_target_health
    error_message = "A cluster's own name does not move."
  }

  assert {
    condition     = keys(aws_route53_record.east_west) == ["us"] && aws_route53_record.east_west["us"].name == "gateways.us.api.example.com"
    error_message = "Gateways have a name where they have a load balancer."
  }
}

run "failover_has_a_primary_and_a_path_is_asked_for_by_the_name_of_the_certificate" {
  command = plan

  variables {
    health_check = { path = "/healthz" }
    routing      = "failover"
    targets = {
      us = { region = "us-east-1", dns_name = "us.elb.amazonaws.com", zone_id = "Z26RNL4JYFTOTI" }
      eu = { region = "eu-west-1", dns_name = "eu.elb.amazonaws.com", zone_id = "Z2IFOLAFXWLO4F", weight = 0 }
    }
  }

  assert {
    condition     = aws_route53_health_check.this["eu"].type == "HTTPS" && aws_route53_health_check.this["eu"].fqdn == "eu.api.example.com" && aws_route53_health_check.this["eu"].enable_sni
    error_message = "Server names decide at an ingress: the load balancer's own is none there."
  }

  assert {
    condition     = aws_route53_record.this["us"].failover_routing_policy[0].type == "PRIMARY" && aws_route53_record.this["eu"].failover_routing_policy[0].type == "SECONDARY"
    error_message = "Weight 0 makes the secondary."
  }
}

run "a_private_zone_has_no_checks_from_outside" {
  command = plan

  variables {
    is_private_zone = true
  }

  assert {
    condition     = length(aws_route53_health_check.this) == 0 && one(aws_route53_record.this["eu"].alias).evaluate_target_health
    error_message = "There the load balancers' own health decides."
  }
}

run "wrong_values_are_refused_at_plan" {
  command = plan

  variables {
    zone_id      = "example.com"
    name         = "api.example.com."
    health_check = { path = "healthz", request_interval = 20 }
    targets = { # Route 53 has one latency record for each region
      a = { region = "eu-west-1", dns_name = "a.elb.amazonaws.com", zone_id = "Z2IFOLAFXWLO4F" }
      b = { region = "eu-west-1", dns_name = "b.elb.amazonaws.com", zone_id = "Z2IFOLAFXWLO4F" }
    }
  }

  expect_failures = [var.targets, var.zone_id, var.name, var.health_check]
}
