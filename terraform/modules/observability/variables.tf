variable "matchers" {
  description = "Labels that tell this federation's series from others in the same Prometheus, such as `{ federation = \"acme\" }`; `scrape_config` adds them. Rules and dashboard look at these series alone."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, value in var.matchers : can(regex("^[a-zA-Z_][a-zA-Z0-9_]*$", name)) && can(regex("^[^\"\\\\]*$", value))])
    error_message = "Names of labels are letters, digits and _; values have neither quotes nor backslashes."
  }

  validation {
    condition     = length(setintersection(keys(var.matchers), ["service", "instance", "cluster", "source_cluster", "destination_cluster", "tier", "code"])) == 0
    error_message = "The gateways' metrics have labels of these names: use another, such as federation."
  }
}

variable "alert_labels" {
  description = "Labels that every alert gets, for its routing: `{ team = \"edge\" }`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "alerts" {
  description = "What differs of single alerts, by name: whether there is one, how long it must hold, its severity."
  type = map(object({
    enabled  = optional(bool, true)
    held_for = optional(string)
    severity = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.alerts), local.alert_names)) == 0
    error_message = "There are these alerts: ${join(", ", local.alert_names)}."
  }

  validation {
    condition     = alltrue([for alert in values(var.alerts) : can(regex("^\\d+(ms|s|m|h|d)$", coalesce(alert.held_for, "1m")))])
    error_message = "Write held_for as 30s, 5m or 1h."
  }
}

variable "targets" {
  description = "Admin addresses of the gateways that Prometheus asks, as `host:port`, by cluster."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for address in flatten(values(var.targets)) : can(regex("^[^/\\s]+:\\d+$", address))])
    error_message = "Write targets as host:port, without a scheme."
  }
}

variable "tls" {
  description = "How Prometheus asks admin APIs on a network: the authority of their certificates and a token of role viewer, both files where Prometheus runs. Null: plain HTTP, as on loopback."
  type = object({
    ca_file          = string
    credentials_file = string
    server_name      = optional(string)
  })
  default = null
}

variable "scrape_interval" {
  description = "How often Prometheus asks. The rules look back a minute: at most 15s."
  type        = string
  default     = "15s"
  nullable    = false

  validation {
    condition     = can(regex("^([1-9]|1[0-5])s$", var.scrape_interval))
    error_message = "Use 1s to 15s: rates over a minute need four samples at least."
  }
}

variable "dashboard" {
  description = "Title of the dashboard, and its uid, which no other dashboard of the Grafana has."
  type = object({
    title = optional(string, "Isthmus")
    uid   = optional(string, "isthmus")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[\\w-]{1,40}$", var.dashboard.uid))
    error_message = "A uid is of letters, digits, _ and -, at most 40."
  }
}
