# How the gateways carry traffic, and what they say of it. Null and what is left out are the gateway's own defaults.

variable "balance" {
  description = "Balancing of all services, with the keys of `balance` in docs/reference.md. Traffic policies of the federation replace it for their services."
  type = object({
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
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["peak-ewma", "least-request", "round-robin", "random", "ring-hash", "maglev"], coalesce(var.balance.algorithm, "peak-ewma"))
    error_message = "algorithm is peak-ewma, least-request, round-robin, random, ring-hash or maglev."
  }

  validation {
    condition     = coalesce(var.balance.panicThreshold, 50) >= 0 && coalesce(var.balance.panicThreshold, 50) <= 100
    error_message = "panicThreshold is a percentage, 0 to 100; 0 is never."
  }

  validation {
    condition     = coalesce(var.balance.overprovisioningFactor, 1.4) >= 1 && coalesce(var.balance.overprovisioningFactor, 1.4) <= 10
    error_message = "overprovisioningFactor is a ratio from 1 to 10: 1.4 is not 140."
  }

  validation {
    condition     = var.balance.hash == null || length([for by in [try(var.balance.hash.header, null), try(var.balance.hash.cookie, null), try(var.balance.hash.query, null)] : by if by != null]) == 1
    error_message = "Give one of header, cookie and query; without hash it is the client's address."
  }
}

variable "timeouts" {
  description = "Time limits of all services, such as `{ request = \"10s\" }`, with the keys of `timeouts` in docs/reference.md."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.timeouts), ["request", "connect", "continue", "rest", "perTry", "idle", "deadlineHeader"])) == 0
    error_message = "Its keys are request, connect, continue, rest, perTry, idle and deadlineHeader."
  }

  validation {
    condition     = alltrue([for name, limit in var.timeouts : name == "deadlineHeader" || can(regex("^\\d+(\\.\\d+)?(ms|s|m|h)$", limit))])
    error_message = "Write durations as 250ms, 5s, 2m or 1h."
  }
}

variable "limits" {
  description = "Limits on requests and connections, as `limits` in docs/reference.md."
  type = object({
    maxBodyBytes         = optional(number)
    maxHeadBytes         = optional(number)
    maxResponseHeadBytes = optional(number)
    maxResponseFields    = optional(number)
    head                 = optional(string)
    body                 = optional(string)
    keepAlive            = optional(string)
    cancelHalfClosed     = optional(bool)
    encodedSlashes       = optional(string)
    maxConnections       = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for limit in compact([var.limits.head, var.limits.body, var.limits.keepAlive]) : can(regex("^\\d+(\\.\\d+)?(ms|s|m|h)$", limit))])
    error_message = "Write head, body and keepAlive as 250ms, 5s, 2m or 1h."
  }

  validation {
    condition     = contains(["refuse", "keep"], coalesce(var.limits.encodedSlashes, "refuse"))
    error_message = "encodedSlashes is refuse or keep."
  }
}

variable "workers" {
  description = "Threads of each gateway that carry traffic, 1 to 64. Null: as many as it may use cores."
  type        = number
  default     = null

  validation {
    condition     = var.workers == null ? true : try(var.workers >= 1 && var.workers <= 64 && floor(var.workers) == var.workers, false)
    error_message = "Use a whole number from 1 to 64, or null."
  }
}

variable "warm_up" {
  description = "CPU time that each worker may take to warm up, at most `1s`. Null: the gateway's default, `300ms`."
  type        = string
  default     = null

  validation {
    condition     = var.warm_up == null ? true : can(regex("^(\\d{1,3}ms|1000ms|[01]s)$", var.warm_up))
    error_message = "Use a duration of at most 1s, such as 300ms."
  }
}

variable "overload" {
  description = "When a worker refuses new requests: `lag` of its event loop, percent of its `heap`."
  type = object({
    lag  = optional(string)
    heap = optional(number)
  })
  default  = {}
  nullable = false
}

variable "expose_decision" {
  description = "Whether responses name who served them. Null: the gateway's default, true."
  type        = bool
  default     = null
}

variable "drain_timeout" {
  description = "How long a gateway that is told to end waits for what is in flight."
  type        = string
  default     = "30s"
  nullable    = false

  validation {
    condition     = can(regex("^\\d+(s|m)$", var.drain_timeout))
    error_message = "Write whole seconds or minutes: 30s or 2m."
  }
}

variable "log" {
  description = "`level` of the log, and `access`: off, all, or the share of requests that has a line, 0 to 1."
  type = object({
    level  = optional(string)
    access = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["trace", "debug", "info", "warn", "error", "silent"], coalesce(var.log.level, "info"))
    error_message = "level is trace, debug, info, warn, error or silent."
  }

  validation {
    condition     = contains(["off", "all"], coalesce(var.log.access, "off")) || try(tonumber(var.log.access) >= 0 && tonumber(var.log.access) <= 1, false)
    error_message = "access is off, all, or a share from 0 to 1."
  }
}

variable "tracing" {
  description = "Collector of spans, OTLP over HTTP. Header fields come from files (`secret_commands`), so that no secret is in a plan. Null: no spans."
  type = object({
    endpoint = string
    ratio    = optional(number)
    headers  = optional(map(object({ file = string })))
  })
  default = null

  validation {
    condition     = var.tracing == null ? true : can(regex("^https?://", var.tracing.endpoint))
    error_message = "endpoint is a URL such as http://collector:4318/v1/traces."
  }
}

variable "sampling" {
  description = "How many requests of each service and minute each worker remembers, without their secrets, for `isthmus diff` and `isthmus explain --request`. 0: none."
  type        = object({ perMinute = optional(number) })
  default     = null
}

variable "metrics" {
  description = "How many callers of each service each worker counts by the names that their certificates proved. 0: none."
  type        = object({ principalsPerService = optional(number) })
  default     = null
}

variable "ca" {
  description = "The enterprise's authority under which this cluster's roots are made: PEM or PKCS#12. Key and password come from files (`secret_commands`)."
  type = object({
    certificate  = string
    key          = optional(string)
    passwordFile = optional(string)
  })
  default = null
}

variable "audit" {
  description = "How much is kept of who changed what, and whom it is sent to. Tokens and authorities come from files (`secret_commands`)."
  type = object({
    maxBytes   = optional(number)
    maxAgeDays = optional(number)
    webhook = optional(object({
      url       = string
      tokenFile = optional(string)
      ca        = optional(string)
    }))
    syslog = optional(object({
      address   = string
      transport = optional(string)
      ca        = optional(string)
      facility  = optional(number)
    }))
  })
  default = null
}

variable "history" {
  description = "How much is kept of what this cluster believed."
  type = object({
    maxBytes   = optional(number)
    maxAgeDays = optional(number)
  })
  default = null
}

variable "trust" {
  description = "Trust between this federation and others: the endpoint that gives this one's bundles, and the trust domains whose bundles are taken. Keys come from files (`secret_commands`)."
  type = object({
    bundleEndpoint = optional(object({
      listen      = string
      profile     = string
      cert        = optional(string)
      key         = optional(string)
      refreshHint = optional(string)
    }))
    foreign = optional(list(object({
      trustDomain      = string
      url              = string
      profile          = string
      endpointSpiffeId = optional(string)
      bundle           = optional(string)
      ca               = optional(string)
    })))
  })
  default = null
}

variable "quotas" {
  description = "How much there may be of one cluster: more of this one is refused at its registration, more of another is not taken from the registry."
  type = object({
    endpoints = optional(number)
    services  = optional(number)
    records   = optional(number)
    maxBytes  = optional(number)
  })
  default = null
}

variable "verify" {
  description = "How often each gateway looks at the other clusters, such as `{ every = \"60s\" }`; `0s`: only when somebody asks."
  type        = object({ every = optional(string) })
  default     = null
}
