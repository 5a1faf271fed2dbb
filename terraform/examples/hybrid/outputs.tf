output "datacenter_user_data" {
  description = "cloud-init user data that makes a machine the datacenter's gateway"
  value       = module.datacenter.user_data
}

output "join_token_secret_arn" {
  description = "Secret where the cluster on AWS finds its join token"
  value       = module.cloud.join_token_secret_arn
}

output "http_proxy" {
  description = "What programs on AWS set as `http_proxy`"
  value       = module.cloud.http_proxy
}
