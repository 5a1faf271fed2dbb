output "name" {
  description = "Name for clients"
  value       = module.dns.name
}

output "http_proxy" {
  description = "What programs of each cluster set as `http_proxy`"
  value       = { us-east = module.us_east.http_proxy, eu-west = module.eu_west.http_proxy, ap-south = module.ap_south.http_proxy }
}

output "backup_buckets" {
  description = "Buckets with etcd's snapshots; the member that leads writes to its own"
  value       = [module.etcd_us_east.backup_bucket, module.etcd_eu_west.backup_bucket, module.etcd_ap_south.backup_bucket]
}
