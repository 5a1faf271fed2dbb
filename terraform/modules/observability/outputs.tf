output "prometheus_rules" {
  description = "Recording rules and alerts, YAML: a file of `rule_files`."
  value       = yamlencode({ groups = local.groups })
}

output "scrape_config" {
  description = "An item of `scrape_configs`, YAML, which asks `targets`."
  value       = yamlencode(local.scrape_config)
}

output "grafana_dashboard" {
  description = "The dashboard, JSON, for Grafana's provisioning or its Terraform provider."
  value       = jsonencode(local.dashboard)
}

output "alert_names" {
  description = "Names of all alerts that there are."
  value       = local.alert_names
}
