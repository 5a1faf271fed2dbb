output "manifests" {
  description = "All manifests, one YAML document each, for `terraform output -raw manifests | kubectl apply --server-side -f -`."
  value       = join("---\n", values(local.manifests))
}

output "objects" {
  description = "The same as objects by name, for `kubernetes_manifest` with `for_each`."
  value       = { for name, manifest in local.manifests : name => yamldecode(manifest) }
}

output "hosts" {
  description = "Names at which other clusters reach the pods. They need records in DNS where external-dns makes none."
  value       = [for ordinal in range(var.replicas) : "${var.name}-${ordinal}.${var.advertise_domain}"]
}

output "outbound" {
  description = "Where programs of this Kubernetes cluster ask for services of the federation."
  value       = "http://${var.name}.${var.namespace}.svc:${module.region.ports.outbound}"
}

output "gateway_yaml" {
  description = "The configuration of the gateways."
  value       = module.region.gateway_yaml
}
