# What the gateways lead to: services of the cluster, and listeners for clients from outside.

variable "services" {
  description = "Services of the cluster whose endpoints are known beforehand; others are registered by API."
  type = list(object({
    name      = string
    namespace = string
    exported  = optional(bool)
    protocol  = optional(string)
    ports     = optional(list(object({ name = string, port = number, protocol = optional(string) })))
    endpoints = optional(list(object({
      id      = string
      address = string
      zone    = optional(string)
      weight  = optional(number)
      labels  = optional(map(string))
      ports   = optional(list(object({ name = string, port = number, protocol = optional(string) })))
      check = optional(object({
        http = optional(object({
          path    = string
          expect  = optional(list(string))
          host    = optional(string)
          tls     = optional(bool)
          version = optional(number)
        }))
        grpc = optional(object({
          service = optional(string)
          host    = optional(string)
          tls     = optional(bool)
        }))
        tcp      = optional(bool)
        interval = optional(string)
        timeout  = optional(string)
        rise     = optional(number)
        fall     = optional(number)
      }))
    })))
    check = optional(object({
      http = optional(object({
        path    = string
        expect  = optional(list(string))
        host    = optional(string)
        tls     = optional(bool)
        version = optional(number)
      }))
      grpc = optional(object({
        service = optional(string)
        host    = optional(string)
        tls     = optional(bool)
      }))
      tcp      = optional(bool)
      interval = optional(string)
      timeout  = optional(string)
      rise     = optional(number)
      fall     = optional(number)
    }))
    tls = optional(object({
      caCertificates  = optional(string)
      hostname        = string
      subjectAltNames = optional(list(string))
      clientCertificate = optional(object({
        certFile = string
        keyFile  = string
      }))
    }))
    balance = optional(object({
      overprovisioningFactor = optional(number)
      panicThreshold         = optional(number)
      algorithm              = optional(string)
      hash = optional(object({
        header = optional(string)
        cookie = optional(string)
        query  = optional(string)
      }))
      leastRequest = optional(object({
        activeRequestBias = optional(number)
      }))
      ringHash = optional(object({
        minimumRingSize = optional(number)
        maximumRingSize = optional(number)
      }))
      maglev = optional(object({
        tableSize = optional(number)
      }))
      slowStart = optional(object({
        window           = optional(string)
        aggression       = optional(number)
        minWeightPercent = optional(number)
      }))
      affinity = optional(object({
        cookie = optional(object({
          name = optional(string)
          ttl  = optional(string)
          path = optional(string)
        }))
        header   = optional(object({ name = string }))
        source   = optional(bool)
        failover = optional(bool)
      }))
      order        = optional(string)
      clusterOrder = optional(list(string))
      costs = optional(list(object({
        from  = optional(string)
        to    = string
        perGb = number
      })))
      clusterWeights = optional(list(object({
        cluster = string
        weight  = number
      })))
      failover = optional(string)
      zones    = optional(string)
      failback = optional(object({
        hold = optional(string)
        ramp = optional(string)
      }))
      outlier = optional(object({
        consecutive5xx                 = optional(number)
        consecutiveGatewayFailure      = optional(number)
        consecutiveLocalOriginFailure  = optional(number)
        splitExternalLocalOriginErrors = optional(bool)
        interval                       = optional(string)
        enforcingSuccessRate           = optional(number)
        successRateMinimumHosts        = optional(number)
        successRateRequestVolume       = optional(number)
        successRateStdevFactor         = optional(number)
        enforcingFailurePercentage     = optional(number)
        failurePercentageThreshold     = optional(number)
        failurePercentageMinimumHosts  = optional(number)
        failurePercentageRequestVolume = optional(number)
        baseEjection                   = optional(string)
        maxEjection                    = optional(string)
        maxEjectedPercent              = optional(number)
      }))
      retry = optional(object({
        maxTries = optional(number)
        on       = optional(list(string))
        statuses = optional(list(number))
        backoff = optional(object({
          base = optional(string)
          max  = optional(string)
        }))
        retryAfter    = optional(string)
        budget        = optional(string)
        budgetPercent = optional(number)
        minPerSecond  = optional(number)
        minConcurrent = optional(number)
        stay          = optional(string)
        nonIdempotent = optional(bool)
      }))
      hedge = optional(object({
        delay    = optional(string)
        maxTries = optional(number)
      }))
      breakers = optional(object({
        maxConnections = optional(number)
        maxPending     = optional(number)
        maxRequests    = optional(number)
        maxRetries     = optional(number)
      }))
    }))
    timeouts = optional(map(string))
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for service in var.services : alltrue([for label in [service.name, service.namespace] : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", label))])])
    error_message = "name and namespace are DNS labels: lower-case letters, digits and inner hyphens, at most 63 characters."
  }

  validation {
    condition     = length(distinct([for service in var.services : "${service.name}.${service.namespace}"])) == length(var.services)
    error_message = "A service is there twice: give each name and namespace once."
  }

  validation {
    condition     = alltrue([for service in var.services : contains(["http", "http2", "grpc", "tcp", "tls"], coalesce(service.protocol, "http"))])
    error_message = "protocol is http, http2, grpc, tcp or tls."
  }

  validation {
    condition     = alltrue(flatten([for service in var.services : [for endpoint in coalesce(service.endpoints, []) : can(regex("^([\\w.~-]+|\\[[0-9a-fA-F:.]+\\]):[1-9]\\d{0,4}$", endpoint.address))]]))
    error_message = "An endpoint's address is host:port: an IP address (IPv6 in brackets) or a DNS name, and a port."
  }

  validation {
    condition = alltrue(flatten([
      for service in var.services : [
        for check in compact(concat([try(jsonencode(service.check.http.expect), "")], [for endpoint in coalesce(service.endpoints, []) : try(jsonencode(endpoint.check.http.expect), "")])) :
        alltrue([for range in coalesce(jsondecode(check), []) : can(regex("^[1-5]\\d\\d-[1-5]\\d\\d$", range))])
      ]
    ]))
    error_message = "expect holds ranges of statuses, such as 200-299, or 204-204 for a single one."
  }
}

variable "tcp" {
  description = "Ports whose connections go to a service as they are."
  type = list(object({
    listen        = string
    service       = string
    proxyProtocol = optional(bool, false)
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for port in var.tcp : can(regex(":[1-9]\\d{0,4}$", port.listen)) && can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", port.service))])
    error_message = "listen is host:port, and service <service>.<namespace>."
  }

  validation {
    condition     = !anytrue([for port in var.tcp : port.proxyProtocol]) || length(var.trusted_proxies) > 0
    error_message = "With proxyProtocol nobody may connect but trusted_proxies: name the load balancers there."
  }
}

variable "ingress" {
  description = "Ports for TLS from outside. Certificates are files on the machines: see `secret_commands`."
  type = list(object({
    listen        = string
    proxyProtocol = optional(bool, false)
    certificates = optional(list(object({
      cert    = string
      key     = string
      hosts   = optional(list(string))
      default = optional(bool)
    })))
    http  = optional(bool)
    http2 = optional(bool)
    clientCertificates = optional(object({
      ca           = optional(string)
      trustDomains = optional(list(string))
      required     = optional(bool)
    }))
    minVersion       = optional(string)
    handshakeTimeout = optional(string)
    serviceNames     = optional(bool)
    routes = optional(list(object({
      host    = string
      path    = optional(string)
      service = string
    })))
    defaultService = optional(string)
    passthrough = optional(list(object({
      host    = string
      service = string
    })))
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for one in var.ingress : can(regex(":[1-9]\\d{0,4}$", one.listen)) && contains(["TLSv1.2", "TLSv1.3"], coalesce(one.minVersion, "TLSv1.2"))])
    error_message = "listen is host:port, and minVersion TLSv1.2 or TLSv1.3."
  }

  validation {
    condition     = !anytrue([for one in var.ingress : one.proxyProtocol]) || length(var.trusted_proxies) > 0
    error_message = "With proxyProtocol nobody may connect but trusted_proxies: name the load balancers there."
  }
}
