# The rules and the dashboard that come with the gateway, so that there is one of each: this module is used from within the repository.
locals {
  telemetry   = "${path.module}/../../../gateway/control/telemetry"
  shipped     = yamldecode(file("${local.telemetry}/prometheus/isthmus.rules.yml"))
  alert_names = [for rule in flatten([for group in local.shipped.groups : group.rules]) : rule.alert if can(rule.alert)]

  # What follows a metric's name. The mark tells where it ends: matchers that are there already join it.
  selector = length(var.matchers) == 0 ? "" : "{${join(",", [for name, value in var.matchers : "${name}=\"${value}\""])}}@@"

  kept = join("", [for name in keys(var.matchers) : "${name}, "])

  groups = [
    for group in local.shipped.groups : merge(group, {
      rules = [
        for rule in group.rules : merge(
          rule,
          # Sums keep the labels that are matched: what is recorded of them is found by these again.
          { expr = replace(replace(replace(replace(rule.expr, "/(isthmus[_:][a-z0-9_:]+)/", "$${1}${local.selector}"), "}@@{", ","), "@@", ""), "by (", "by (${local.kept}") },
          can(rule.alert) ? { labels = merge(rule.labels, var.matchers, var.alert_labels, { for key, value in { severity = try(var.alerts[rule.alert].severity, null) } : key => value if value != null }) } : {},
          { for key, value in { "for" = try(var.alerts[rule.alert].held_for, null) } : key => value if value != null },
        ) if try(var.alerts[rule.alert].enabled, true)
      ]
    })
  ]

  # The same within the text of JSON, where quotes are escaped.
  dashboard_text = replace(replace(replace(
    file("${local.telemetry}/grafana/isthmus.json"),
    "/(isthmus[_:][a-z0-9_:]+)/", "$${1}${replace(local.selector, "\"", "\\\"")}"),
    "}@@{", ","), "@@", "",
  )
  dashboard = merge(jsondecode(local.dashboard_text), var.dashboard)

  scrape_config = merge(
    {
      job_name        = "isthmus"
      scrape_interval = var.scrape_interval
      scheme          = var.tls == null ? "http" : "https"
      static_configs  = [for cluster, addresses in var.targets : { targets = addresses, labels = merge(var.matchers, { cluster = cluster }) }]
    },
    jsondecode(var.tls == null ? "{}" : jsonencode({
      authorization = { credentials_file = var.tls.credentials_file }
      tls_config    = { for key, value in { ca_file = var.tls.ca_file, server_name = var.tls.server_name } : key => value if value != null }
    })),
  )
}
