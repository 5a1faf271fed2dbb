data "isthmus_rate_limits" "all" {}

output "tried_only" {
  value = [
    for one in data.isthmus_rate_limits.all.rate_limits :
    "${one.namespace}/${one.name}" if one.dry_run
  ]
}
