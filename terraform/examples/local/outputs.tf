output "ask" {
  description = "Asks each cluster's gateway for the service."
  value       = { for cluster, ports in local.ports : cluster => "curl -H 'Host: orders.shop.acme' http://127.0.0.1:${ports.outbound}/" }
}

output "admin" {
  description = "Admin API and UI of each gateway."
  value       = local.admin
}
