# What differs from the module region, which says what is wrong with the rest.

variable "federation" {
  description = "Name of the federation: services are `<service>.<namespace>.<federation>`."
  type        = string
}

variable "cluster" {
  description = "Name of the cluster that the gateways are of, which is this Kubernetes cluster for most."
  type        = string
}

variable "region" {
  description = "Region of the cluster, as localities name it."
  type        = string
}

variable "capacity" {
  description = "Requests per second that the cluster can take; drills hold load against it. Null: not stated."
  type        = number
  default     = null
}

variable "image" {
  description = "Image of the gateway, with a tag or, better, a digest."
  type        = string
}

variable "name" {
  description = "Name of the StatefulSet and of what belongs to it."
  type        = string
  default     = "isthmus"
  nullable    = false
}

variable "namespace" {
  description = "Namespace of all of it."
  type        = string
  default     = "isthmus"
  nullable    = false
}

variable "create_namespace" {
  description = "Whether the namespace is among the manifests, with the pod security standard `restricted` enforced."
  type        = bool
  default     = true
  nullable    = false
}

variable "replicas" {
  description = "Gateways. One only with an embedded registry."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.replicas >= 1 && floor(var.replicas) == var.replicas
    error_message = "Use a whole number from 1 on."
  }
}

variable "advertise_domain" {
  description = "Where other clusters reach the pods: `<pod>.<advertise_domain>`, as external-dns makes it of an annotation of each pod's Service."
  type        = string
}

variable "network" {
  description = "Network in which pods are reached at their own addresses, a VPC whose addresses they have for instance: gateways of the same one try these first, all others the names. It takes IPv4. Null: the names alone."
  type        = string
  default     = null
}

variable "service_type" {
  description = "Type of the Service that each pod has, for gateways of other clusters."
  type        = string
  default     = "LoadBalancer"
  nullable    = false
}

variable "service_annotations" {
  description = "Annotations of these Services, for the cloud's load balancers."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "admin_tls_secret" {
  description = "Secret of type kubernetes.io/tls, with `ca.crt`, for `localhost` and `*.<name>-pods.<namespace>.svc`; cert-manager makes such ones."
  type        = string
}

variable "secret" {
  description = "Secret whose keys are files below /etc/isthmus/secrets. `local-admin` is a token of 24 characters or more, with which pods ask each other."
  type        = string
}

variable "join_token_secret" {
  description = "Secret whose key `token` is a join token. Null: the cluster founds the federation, or is joined by hand."
  type        = string
  default     = null
}

variable "registry" {
  description = "The federation's registry, as the module region has it. Null: it comes with joining."
  type        = any
  default     = null
}

variable "services" {
  description = "Services whose endpoints are known beforehand, as the module region has them."
  type        = any
  default     = []
  nullable    = false
}

variable "tcp" {
  description = "TCP ports that lead to services, as the module region has them."
  type        = any
  default     = []
  nullable    = false
}

variable "ingress" {
  description = "Ports for TLS from outside, as the module region has them."
  type        = any
  default     = []
  nullable    = false
}

variable "trusted_proxies" {
  description = "Addresses and ranges of load balancers before the gateways."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "admin" {
  description = "Who else may use the admin API, as the module region has it; `local` always may."
  type        = any
  default     = {}
  nullable    = false
}

variable "gateway" {
  description = "Further inputs of the module region: balance, timeouts, limits, workers, warm_up, overload, expose_decision, drain_timeout, log, tracing, metrics, sampling, ca, audit, history, quotas, verify, trust. Files are below /etc/isthmus/secrets."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.gateway), ["balance", "timeouts", "limits", "workers", "warm_up", "overload", "expose_decision", "drain_timeout", "log", "tracing", "metrics", "sampling", "ca", "audit", "history", "quotas", "verify", "trust"])) == 0
    error_message = "Its keys are balance, timeouts, limits, workers, warm_up, overload, expose_decision, drain_timeout, log, tracing, metrics, sampling, ca, audit, history, quotas, verify and trust."
  }
}

variable "storage_class" {
  description = "Class of the volumes that keep the pods' keys and membership. Null: the cluster's default."
  type        = string
  default     = null
}

variable "storage_size" {
  description = "Size of each volume."
  type        = string
  default     = "1Gi"
  nullable    = false
}

variable "cpu" {
  description = "CPU that each gateway asks for."
  type        = string
  default     = "1"
  nullable    = false
}

variable "memory" {
  description = "Memory that each gateway asks for, and has at most."
  type        = string
  default     = "1Gi"
  nullable    = false
}

variable "client_namespaces" {
  description = "Labels of the namespaces whose pods may ask the gateways. Default: all."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "admin_namespaces" {
  description = "Labels of the namespaces whose pods may use the admin API, for metrics above all. Default: none."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "labels" {
  description = "Further labels of everything."
  type        = map(string)
  default     = {}
  nullable    = false
}
