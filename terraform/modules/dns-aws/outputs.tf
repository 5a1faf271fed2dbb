output "name" {
  description = "Name under which clients reach the federation"
  value       = var.name
}

output "cluster_names" {
  description = "Name of each cluster's own ingress, by cluster"
  value       = { for name, record in aws_route53_record.cluster : name => record.name }
}

output "east_west_names" {
  description = "Name of each cluster's gateways for those of other clusters, by cluster"
  value       = { for name, record in aws_route53_record.east_west : name => record.name }
}

output "health_check_ids" {
  description = "Health check of each target, by cluster; none in a private zone"
  value       = { for name, check in aws_route53_health_check.this : name => check.id }
}
