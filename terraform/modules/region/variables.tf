# Who the gateways are, and where they are reached. Names within objects are those of gateway.yaml: docs/reference.md explains them.

variable "federation" {
  description = "Name of the federation: services are `<service>.<namespace>.<federation>`."
  type        = string

  validation {
    condition     = length(var.federation) <= 120 && alltrue([for label in split(".", var.federation) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", label))])
    error_message = "Use one or more DNS labels in lower case, such as acme or prod.acme.example, at most 120 characters."
  }
}

variable "cluster" {
  description = "Name of the cluster in this region."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.cluster))
    error_message = "Use a DNS label: lower-case letters, digits and inner hyphens, at most 63 characters."
  }
}

variable "region" {
  description = "Region of the cluster, as localities name it."
  type        = string

  validation {
    condition     = length(var.region) >= 1 && length(var.region) <= 63
    error_message = "Use a name of 1 to 63 characters, such as eu-west-1."
  }
}

variable "zone" {
  description = "Zone of the gateways. Null: each machine says its own (`zone_command`)."
  type        = string
  default     = null

  validation {
    condition     = var.zone == null ? true : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.zone))
    error_message = "Use a DNS label: lower-case letters, digits and inner hyphens, at most 63 characters."
  }
}

variable "capacity" {
  description = "Requests per second that the cluster can take; drills hold load against it. Null: not stated."
  type        = number
  default     = null

  validation {
    condition     = var.capacity == null ? true : try(var.capacity > 0, false)
    error_message = "Use a number of requests per second over 0, or null."
  }
}

variable "network" {
  description = "Network of the gateways, a VPC for instance: from within it others reach them at `advertise.private`, and they others. Null: the region."
  type        = string
  default     = null

  validation {
    condition     = var.network == null ? true : length(var.network) > 0 && length(var.network) < 64
    error_message = "Use a name of 1 to 63 characters, or null."
  }
}

variable "listeners" {
  description = "Where the gateways listen, as `host:port`; `admin` may be `unix:/path`. On a network `admin` has TLS and asks for a token."
  type = object({
    outbound              = optional(string, "0.0.0.0:7080")
    outboundProxyProtocol = optional(bool, false)
    eastWestProxyProtocol = optional(bool, false)
    eastWest              = optional(string, "0.0.0.0:7443")
    federation            = optional(string, "0.0.0.0:7444")
    admin                 = optional(string, "127.0.0.1:7001")
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for address in [var.listeners.outbound, var.listeners.eastWest, var.listeners.federation, var.listeners.admin] :
      can(regex("^([\\w.~-]+|\\[[0-9a-fA-F:.%]+\\]):([1-9]\\d{0,4})$", address)) || can(regex("^unix:/.", address))
    ])
    error_message = "Use host:port, such as 0.0.0.0:7443 or [::]:7443, with a port from 1 to 65535; admin may be unix:/path."
  }

  validation {
    condition     = !anytrue([for address in [var.listeners.outbound, var.listeners.eastWest, var.listeners.federation] : startswith(address, "unix:")])
    error_message = "Only admin may be unix:/path; others are reached over the network: use host:port."
  }

  validation {
    condition     = !(var.listeners.outboundProxyProtocol || var.listeners.eastWestProxyProtocol) || length(var.trusted_proxies) > 0
    error_message = "Where PROXY protocol is spoken nobody may connect but trusted_proxies: name the load balancers there."
  }
}

variable "advertise" {
  description = "Addresses at which other clusters reach the gateways. By default each machine's own (`advertise_command`), with the ports of `listeners`. `private` are those for gateways of the same `network`, which try them first; `$${ISTHMUS_ADVERTISE}` in one is the machine's own address."
  type = object({
    eastWest   = optional(list(string))
    federation = optional(list(string))
    private = optional(object({
      eastWest   = optional(list(string), [])
      federation = optional(list(string), [])
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = !anytrue([for address in concat(coalesce(var.advertise.eastWest, []), coalesce(var.advertise.federation, []), var.advertise.private.eastWest, var.advertise.private.federation) : can(regex("^(0\\.0\\.0\\.0|\\[::\\]):|:0+$", address))])
    error_message = "Nobody can dial a wildcard or port 0: give host:port with a DNS name or an address that the others reach."
  }
}

variable "registry" {
  description = "The federation's registry: hosted by the gateway that founds it (`embedded`, a single gateway), or an etcd. Null: it comes with joining. `host`: it was moved to the embedded registry of that cluster."
  type = object({
    embedded = optional(object({
      listen    = optional(string, "0.0.0.0:7379")
      advertise = optional(string)
    }))
    host = optional(object({
      cluster   = string
      endpoints = list(string)
    }))
    etcd = optional(object({
      endpoints    = list(string)
      ca           = optional(string)
      cert         = optional(string)
      key          = optional(string)
      serverName   = optional(string)
      username     = optional(string)
      passwordFile = optional(string)
      compactAfter = optional(string)
      found        = optional(bool)
    }))
  })
  default = null

  validation {
    condition     = var.registry == null ? true : (var.registry.etcd == null) != (var.registry.embedded == null && var.registry.host == null)
    error_message = "Give either etcd, or embedded, host or both."
  }

  validation {
    condition     = alltrue([for url in try(var.registry.etcd.endpoints, []) : can(regex("^https?://[^\\s/]+$", url))])
    error_message = "Write etcd's endpoints as https://host:port, without a path."
  }
}

variable "standalone" {
  description = "Whether gateways are ready while they are in no federation. Default: only where they neither found nor join one."
  type        = bool
  default     = null
}

variable "admin" {
  description = "Who may use the admin API. On a network a certificate is made at boot where `tls` names none, and a token of role admin, `local`, which stays on the machine."
  type = object({
    tls = optional(object({
      cert     = string
      key      = string
      clientCa = optional(string)
    }))
    auth = optional(object({
      tokens = optional(list(object({
        name      = string
        role      = string
        tokenFile = string
      })), [])
      oidc = optional(object({
        issuer    = string
        audience  = string
        roleClaim = optional(string)
        jwksUri   = optional(string)
        mapping   = map(string)
      }))
      clientCertificates = optional(list(object({
        subject = optional(string)
        spiffe  = optional(string)
        role    = string
      })))
    }))
    clusters          = optional(map(string))
    requestsPerSecond = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for role in concat(
        [for token in try(var.admin.auth.tokens, []) : token.role],
        [for one in coalesce(try(var.admin.auth.clientCertificates, null), []) : one.role],
        values(coalesce(try(var.admin.auth.oidc.mapping, null), {})),
        values(coalesce(var.admin.clusters, {})),
      ) : contains(["viewer", "operator", "admin"], role)
    ])
    error_message = "A role is viewer, operator or admin."
  }

  validation {
    condition     = length(coalesce(try(var.admin.auth.clientCertificates, null), [])) == 0 || try(var.admin.tls.clientCa, null) != null
    error_message = "clientCertificates need tls.clientCa, the authority of those certificates."
  }
}

variable "trusted_proxies" {
  description = "Addresses and ranges of load balancers before the gateways, which are believed for whom they ask."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for range in var.trusted_proxies : can(cidrhost(strcontains(range, "/") ? range : strcontains(range, ":") ? "${range}/128" : "${range}/32", 0))])
    error_message = "Use addresses, or ranges such as 10.0.0.0/8."
  }
}

variable "trusted_fields" {
  description = "By which fields trusted proxies tell their clients: `x-forwarded` or `forwarded`. Null: the gateway's default, `x-forwarded`."
  type        = string
  default     = null

  validation {
    condition     = contains(["x-forwarded", "forwarded"], coalesce(var.trusted_fields, "forwarded"))
    error_message = "Use x-forwarded or forwarded."
  }
}
