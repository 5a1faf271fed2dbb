module "region" {
  source = "../region"

  federation = var.federation
  cluster    = var.cluster
  region     = var.region
  capacity   = var.capacity
  network    = var.network

  # Where a network is named, pods are reached in it without a way over load balancers.
  advertise = {
    private = {
      eastWest   = var.network == null ? [] : ["$${ISTHMUS_POD_IP}:7443"]
      federation = var.network == null ? [] : ["$${ISTHMUS_POD_IP}:7444"]
    }
  }

  # Kubernetes asks for health over the network, and pods ask each other.
  listeners       = { admin = "0.0.0.0:7001" }
  registry        = var.registry
  services        = var.services
  tcp             = var.tcp
  ingress         = var.ingress
  trusted_proxies = var.trusted_proxies
  admin = merge(var.admin, { tls = merge(try(var.admin.tls, {}), {
    cert = "/etc/isthmus/tls/admin.pem"
    key  = "/etc/isthmus/tls/admin.key"
  }) })
  balance         = try(var.gateway.balance, {})
  timeouts        = try(var.gateway.timeouts, {})
  limits          = try(var.gateway.limits, {})
  workers         = try(var.gateway.workers, null)
  warm_up         = try(var.gateway.warm_up, null)
  overload        = try(var.gateway.overload, {})
  expose_decision = try(var.gateway.expose_decision, null)
  drain_timeout   = try(var.gateway.drain_timeout, "30s")
  log             = try(var.gateway.log, {})
  tracing         = try(var.gateway.tracing, null)
  metrics         = try(var.gateway.metrics, null)
  sampling        = try(var.gateway.sampling, null)
  ca              = try(var.gateway.ca, null)
  audit           = try(var.gateway.audit, null)
  history         = try(var.gateway.history, null)
  quotas          = try(var.gateway.quotas, null)
  verify          = try(var.gateway.verify, null)
  trust           = try(var.gateway.trust, null)

  kubernetes = {
    image               = var.image
    name                = var.name
    namespace           = var.namespace
    replicas            = var.replicas
    advertise_domain    = var.advertise_domain
    service_type        = var.service_type
    service_annotations = var.service_annotations
    admin_tls_secret    = var.admin_tls_secret
    secret              = var.secret
    join_token_secret   = var.join_token_secret
    storage_class       = var.storage_class
    storage_size        = var.storage_size
    cpu                 = var.cpu
    memory              = var.memory
    client_namespaces   = var.client_namespaces
    admin_namespaces    = var.admin_namespaces
    labels              = var.labels
  }
}

locals {
  namespace = yamlencode({
    apiVersion = "v1"
    kind       = "Namespace"
    metadata   = { name = var.namespace, labels = merge(var.labels, { "pod-security.kubernetes.io/enforce" = "restricted" }) }
  })
  # The namespace comes first in the order of names, as everything is in it.
  manifests = merge(var.create_namespace ? { "0-namespace" = local.namespace } : {}, module.region.kubernetes_manifests)
}
