# Where the gateways run as pods. Secrets are named, never given: no plan holds one.

variable "kubernetes" {
  description = "Manifests for gateways in Kubernetes, which need `listeners.admin` on the network (`0.0.0.0:7001`). Each pod is reached as `<pod>.<advertise_domain>`. Null: none."
  type = object({
    image            = string
    name             = optional(string, "isthmus")
    namespace        = optional(string, "isthmus")
    replicas         = optional(number, 2)
    advertise_domain = string
    # Of the Service that each pod has, for gateways of other clusters.
    service_type        = optional(string, "LoadBalancer")
    service_annotations = optional(map(string), {})
    # kubernetes.io/tls, with ca.crt; for localhost and *.<name>-pods.<namespace>.svc.
    admin_tls_secret = string
    # Its keys are files below /etc/isthmus/secrets; local-admin is the token that pods ask each other with.
    secret = string
    # Its key token is a join token; absent where the cluster founds the federation or is joined by hand.
    join_token_secret = optional(string)
    storage_class     = optional(string)
    storage_size      = optional(string, "1Gi")
    cpu               = optional(string, "1")
    memory            = optional(string, "1Gi")
    # Labels of the namespaces whose pods may ask; of those that may use the admin API, for metrics above all.
    client_namespaces = optional(map(string), {})
    admin_namespaces  = optional(map(string), {})
    labels            = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.kubernetes == null ? true : (!startswith(var.listeners.admin, "unix:") && !can(regex("^(localhost|127\\.|\\[::1\\])", var.listeners.admin)))
    error_message = "Kubernetes asks pods for their health over the network: set listeners.admin, to 0.0.0.0:7001 for instance. It has TLS and asks for a token."
  }

  validation {
    condition     = var.kubernetes == null ? true : try(var.kubernetes.replicas >= 1 && floor(var.kubernetes.replicas) == var.kubernetes.replicas, false)
    error_message = "replicas is a whole number from 1 on."
  }

  validation {
    condition     = var.kubernetes == null || try(var.registry.embedded, null) == null || try(var.kubernetes.replicas, 1) == 1
    error_message = "An embedded registry is hosted by one gateway: use replicas = 1, or an etcd."
  }

  validation {
    condition     = var.kubernetes == null ? true : alltrue([for name in [var.kubernetes.name, var.kubernetes.namespace] : can(regex("^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$", name))])
    error_message = "name and namespace are DNS labels that begin with a letter, at most 42 characters."
  }

  validation {
    condition     = var.kubernetes == null ? true : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.kubernetes.advertise_domain))
    error_message = "advertise_domain is a DNS name in lower case, such as dc1.gateways.example.com."
  }

  validation {
    condition     = var.kubernetes == null ? true : can(regex("(@sha256:[0-9a-f]{64}|:[\\w][\\w.-]{0,127})$", var.kubernetes.image))
    error_message = "image names a tag or, better, a digest: registry.example.com/isthmus@sha256:..."
  }

  validation {
    condition     = var.kubernetes == null ? true : contains(["LoadBalancer", "NodePort", "ClusterIP"], var.kubernetes.service_type)
    error_message = "service_type is LoadBalancer, NodePort or ClusterIP."
  }
}
