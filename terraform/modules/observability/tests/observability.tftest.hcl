# What is rendered and refused. That Prometheus takes it, and what the alerts make of series, is proved by test/terraform/observability.test.ts.

run "all_that_is_shipped_is_there" {
  command = plan

  assert {
    condition     = length(output.alert_names) >= 10 && strcontains(output.prometheus_rules, "isthmus:error_ratio:rate1m")
    error_message = "Alerts and recording rules are those of the gateway."
  }
  assert {
    condition     = jsondecode(output.grafana_dashboard).uid == "isthmus"
    error_message = "The dashboard is the gateway's."
  }
}

run "series_of_one_federation_are_looked_at_alone" {
  command = plan

  variables {
    matchers     = { federation = "acme" }
    alert_labels = { team = "edge" }
    alerts       = { IsthmusSpillover = { enabled = false }, IsthmusOverloaded = { held_for = "5m", severity = "page" } }
    targets      = { dc1 = ["gateway-1.dc1:7001"] }
    tls          = { ca_file = "/etc/prometheus/isthmus-ca.pem", credentials_file = "/etc/prometheus/isthmus.token" }
    dashboard    = { title = "Isthmus acme", uid = "isthmus-acme" }
  }

  assert {
    condition     = alltrue([for rule in flatten([for group in yamldecode(output.prometheus_rules).groups : group.rules]) : strcontains(rule.expr, "{federation=\"acme\"")])
    error_message = "Every rule asks for the federation's series."
  }
  assert {
    condition     = !strcontains(output.prometheus_rules, "IsthmusSpillover") && one([for rule in flatten([for group in yamldecode(output.prometheus_rules).groups : group.rules]) : rule if try(rule.alert, "") == "IsthmusOverloaded"])["for"] == "5m"
    error_message = "An alert that is not wanted is not there, and another holds for longer."
  }
  assert {
    condition     = one([for rule in flatten([for group in yamldecode(output.prometheus_rules).groups : group.rules]) : rule if try(rule.alert, "") == "IsthmusOverloaded"]).labels == { severity = "page", federation = "acme", team = "edge" }
    error_message = "Alerts have their severity, the federation and the labels that route them."
  }
  assert {
    condition     = yamldecode(output.scrape_config).static_configs == [{ labels = { cluster = "dc1", federation = "acme" }, targets = ["gateway-1.dc1:7001"] }] && yamldecode(output.scrape_config).scheme == "https"
    error_message = "Prometheus asks over TLS, and says whose series they are."
  }
}

run "an_alert_that_there_is_not_is_refused" {
  command = plan
  variables {
    alerts = { IsthmusOnFire = { held_for = "5m" } }
  }
  expect_failures = [var.alerts]
}

run "a_label_of_the_gateways_is_no_matcher" {
  command = plan
  variables {
    matchers = { cluster = "dc1" }
  }
  expect_failures = [var.matchers]
}

run "rates_need_samples" {
  command = plan
  variables {
    scrape_interval = "60s"
  }
  expect_failures = [var.scrape_interval]
}
