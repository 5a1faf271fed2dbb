# Everything is written through the gateway that the provider asks. Names within objects are those of the provider's resources.

variable "clusters" {
  description = "Settings of member clusters by name: a cluster that is `drained` gets no traffic until it no longer is. Any gateway of the federation takes them."
  type = map(object({
    drained = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.clusters) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "A cluster's name is a DNS label: lower-case letters, digits and inner hyphens, at most 63 characters."
  }
}

variable "service_exports" {
  description = "Whether other clusters may use services of the asked gateway's cluster, by `<service>.<namespace>`, whatever their endpoints say."
  type        = map(bool)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.service_exports) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "Name services as <service>.<namespace>, such as orders.shop."
  }
}

variable "traffic_policies" {
  description = "How the asked gateway's cluster balances, retries and times requests, by `<namespace>/<name of the policy>`: those for one `service` of the namespace, or for all of them."
  type = map(object({
    service = optional(string)
    balance = optional(object({
      overprovisioning_factor = optional(number)
      panic_threshold         = optional(number)
      algorithm               = optional(string)
      hash = optional(object({
        source = optional(bool)
        header = optional(string)
        cookie = optional(string)
        query  = optional(string)
      }))
      least_request = optional(object({
        active_request_bias = optional(number)
      }))
      ring_hash = optional(object({
        minimum_ring_size = optional(number)
        maximum_ring_size = optional(number)
      }))
      maglev = optional(object({
        table_size = optional(number)
      }))
      slow_start = optional(object({
        window             = optional(string)
        aggression         = optional(number)
        min_weight_percent = optional(number)
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
      order         = optional(string)
      cluster_order = optional(list(string))
      costs = optional(list(object({
        from   = optional(string)
        to     = string
        per_gb = number
      })))
      cluster_weights = optional(list(object({
        cluster = string
        weight  = number
      })))
      failover = optional(string)
      failback = optional(object({
        hold = optional(string)
        ramp = optional(string)
      }))
      outlier = optional(object({
        consecutive5xx                     = optional(number)
        consecutive_gateway_failure        = optional(number)
        consecutive_local_origin_failure   = optional(number)
        split_external_local_origin_errors = optional(bool)
        interval                           = optional(string)
        enforcing_success_rate             = optional(number)
        success_rate_minimum_hosts         = optional(number)
        success_rate_request_volume        = optional(number)
        success_rate_stdev_factor          = optional(number)
        enforcing_failure_percentage       = optional(number)
        failure_percentage_threshold       = optional(number)
        failure_percentage_minimum_hosts   = optional(number)
        failure_percentage_request_volume  = optional(number)
        base_ejection                      = optional(string)
        max_ejection                       = optional(string)
        max_ejected_percent                = optional(number)
      }))
      retry = optional(object({
        max_tries      = optional(number)
        statuses       = optional(list(number))
        budget_percent = optional(number)
        min_per_second = optional(number)
      }))
    }))
    timeouts = optional(object({
      request  = optional(string)
      connect  = optional(string)
      continue = optional(string)
      rest     = optional(string)
      per_try  = optional(string)
      idle     = optional(string)
    }))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.traffic_policies) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "Name policies as <namespace>/<name>, such as shop/orders."
  }

  validation {
    condition     = alltrue([for policy in values(var.traffic_policies) : policy.balance != null || policy.timeouts != null])
    error_message = "A policy says something of balance or timeouts."
  }
}

variable "drill_schedules" {
  description = "Drills that the asked gateway's cluster runs by the calendar, by name."
  type = map(object({
    cron      = string
    time_zone = optional(string)
    enabled   = optional(bool)
    blackouts = optional(list(object({
      days  = optional(list(string))
      from  = string
      until = string
    })))
    spec = object({
      kind     = string
      duration = optional(string)
      ramp     = optional(string)
      reason   = optional(string)
      scope = optional(object({
        cluster = optional(string)
        service = optional(string)
        zone    = optional(string)
        link = optional(object({
          from = string
          to   = string
        }))
      }))
      fail = optional(object({
        percent = number
        status  = optional(number)
      }))
      slow = optional(object({
        delay  = string
        jitter = optional(string)
      }))
      guardrails = optional(object({
        error_rate  = optional(number)
        load        = optional(number)
        min_healthy = optional(number)
        p99         = optional(string)
        time_limit  = optional(string)
      }))
      objectives = optional(object({
        error_budget = optional(number)
        rto          = optional(string)
      }))
      overrides = optional(object({
        error_rate  = optional(number)
        load        = optional(number)
        min_healthy = optional(number)
        p99         = optional(string)
      }))
    })
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for schedule in values(var.drill_schedules) : length(split(" ", trimspace(schedule.cron))) >= 5])
    error_message = "cron has five fields: minute, hour, day of the month, month, day of the week, as in 0 10 1 * *."
  }

  validation {
    condition     = alltrue([for schedule in values(var.drill_schedules) : contains(["evacuate", "black-hole", "slow", "fail", "lose-registry", "expire-trust"], schedule.spec.kind)])
    error_message = "A drill's kind is evacuate, black-hole, slow, fail, lose-registry or expire-trust."
  }
}

variable "endpoints" {
  description = "Endpoints of services in the asked gateway's cluster, by `<service>.<namespace>/<id>`."
  type = map(object({
    address          = string
    port             = number
    zone             = optional(string)
    weight           = optional(number)
    labels           = optional(map(string))
    exported         = optional(bool)
    protocol         = optional(string)
    ttl              = optional(string)
    deregister_after = optional(string)
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
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.endpoints) : can(regex("^[a-z0-9-]+\\.[a-z0-9-]+/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "Name endpoints as <service>.<namespace>/<id>, such as orders.shop/orders-1."
  }
}
