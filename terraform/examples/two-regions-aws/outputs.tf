output "http_proxy" {
  description = "What programs of each cluster set as `http_proxy`"
  value       = { home = module.home.http_proxy, away = module.away.http_proxy }
}

output "backup_bucket" {
  description = "Bucket with etcd's snapshots"
  value       = module.etcd.backup_bucket
}
