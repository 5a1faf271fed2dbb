output "gateway_yaml" {
  description = "The configuration of the gateways. What differs between them comes from `/etc/isthmus/environment`: `ISTHMUS_GATEWAY`, `ISTHMUS_ZONE`, `ISTHMUS_ADVERTISE`."
  value       = local.gateway_yaml
}

output "systemd_unit" {
  description = "The unit `isthmus.service` as a whole, for machines without the package: with the package's hardening, and what the cluster says."
  value       = local.systemd_unit
}

output "systemd_units" {
  description = "What user data writes below /etc/systemd/system, by file name: `isthmus.service.d/region.conf` for the package's unit, `isthmus-setup.service` before it, and `isthmus-join.service` after it where the machine joins by itself."
  value       = local.systemd_units
}

output "scripts" {
  description = "What `isthmus-setup.service` and `isthmus-join.service` run, by file name below /etc/isthmus."
  value       = merge({ "setup.sh" = local.setup_script }, local.has_join_service ? { "join.sh" = local.join_script } : {})
}

output "user_data" {
  description = "cloud-init user data that makes a machine a gateway. It holds no secret, and is the same for all machines of the cluster."
  value       = local.user_data
}

output "kubernetes_manifests" {
  description = "Manifests by name, YAML, for `kubectl apply`; empty without `kubernetes`."
  value       = { for name, object in local.k8s_objects : name => yamlencode(object) if var.kubernetes != null }
}

output "ports" {
  description = "Ports that gateways listen on: `outbound`, `east_west`, `federation`, `admin` (null for a unix socket), `registry` (null unless embedded), and the lists `tcp` and `ingress`."
  value       = local.ports
}

output "health_check" {
  description = "Where load balancers ask whether a gateway serves: scheme, port and path. Port is null for a unix socket; on loopback only the machine itself can ask."
  value = {
    protocol = local.admin_tls == null ? "HTTP" : "HTTPS"
    port     = local.admin_port
    path     = "/readyz"
  }
}
