output "edge" {
  description = "Load balancer for other clusters and for clients from outside: DNS name, zone of that (for alias records) and ARN"
  value       = { for name in ["dns_name", "zone_id", "arn"] : name => aws_lb.this["edge"][name] }
}

output "outbound" {
  description = "Load balancer for this cluster's programs, likewise"
  value       = { for name in ["dns_name", "zone_id", "arn"] : name => aws_lb.this["outbound"][name] }
}

output "http_proxy" {
  description = "Value of `http_proxy` for this cluster's programs"
  value       = "http://${aws_lb.this["outbound"].dns_name}:7080"
}

output "dns_target" {
  description = "What `targets` of dns-aws takes for this cluster"
  value = {
    region    = data.aws_region.current.name
    dns_name  = aws_lb.this["edge"].dns_name
    zone_id   = aws_lb.this["edge"].zone_id
    east_west = { dns_name = aws_lb.this["edge"].dns_name, zone_id = aws_lb.this["edge"].zone_id }
  }
}

output "security_group_id" {
  description = "Security group of the gateways, for `client_security_group_ids` of etcd-aws and for services that gateways alone may reach"
  value       = aws_security_group.gateways.id
}

output "autoscaling_group_name" {
  description = "Auto-scaling group of the gateways"
  value       = aws_autoscaling_group.this.name
}

output "role_name" {
  description = "IAM role of the gateways"
  value       = aws_iam_role.this.name
}

output "join_token_secret_arn" {
  description = "Secret where the first gateway finds its join token; null for the cluster that founds the federation"
  value       = one(aws_secretsmanager_secret.join_token[*].arn)
}

output "identity_secret_arn" {
  description = "Secret with the cluster's authority and membership"
  value       = aws_secretsmanager_secret.identity.arn
}

output "gateway_yaml" {
  description = "Configuration of the gateways"
  value       = module.gateway.gateway_yaml
}

output "user_data" {
  description = "User data of the instances, as text; it holds no secret"
  value       = module.gateway.user_data
}
