variable "zone_id" {
  description = "Route 53 hosted zone of the records"
  type        = string

  validation {
    condition     = can(regex("^Z[A-Z0-9]{5,31}$", var.zone_id))
    error_message = "Use the id of a hosted zone, such as Z0123456789ABCDEFGHIJ, not its name or ARN."
  }
}

variable "is_private_zone" {
  description = "Whether the zone is private. Health checkers of Route 53 are outside of the VPC, so there the load balancers' own health decides alone"
  type        = bool
  default     = false
}

variable "name" {
  description = "Name under which clients reach the federation's ingress, in any region: api.example.com"
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.name))
    error_message = "Use a full name in lower case without the dot at its end, such as api.example.com."
  }
}

variable "routing" {
  description = "How a region is chosen among those that are well: latency, the nearest by Route 53's measurements; weighted, by weight; failover, the one with weight above 0 as long as it is well, else the other"
  type        = string
  default     = "latency"

  validation {
    condition     = contains(["latency", "weighted", "failover"], var.routing)
    error_message = "Use latency, weighted or failover."
  }
}

variable "targets" {
  description = "Load balancers by cluster: AWS region, DNS name and zone of the load balancer (outputs of region-aws), and the share of clients for routing = weighted"
  type = map(object({
    region    = string
    dns_name  = string
    zone_id   = string
    weight    = optional(number, 100)
    east_west = optional(object({ dns_name = string, zone_id = string }))
  }))

  validation {
    condition     = length(var.targets) > 0
    error_message = "Name one target at least."
  }

  validation {
    condition     = alltrue([for target in values(var.targets) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", target.region))])
    error_message = "region is an AWS region, such as eu-west-1."
  }

  validation {
    condition     = alltrue([for target in values(var.targets) : target.weight >= 0 && target.weight <= 255])
    error_message = "A weight is 0 to 255; 0 sends nobody there while another target is well."
  }

  validation {
    condition     = var.routing != "latency" || length(distinct([for target in values(var.targets) : target.region])) == length(var.targets)
    error_message = "Route 53 has one latency record for each region: use routing = weighted for several clusters in one region."
  }

  validation {
    condition     = var.routing != "failover" || (length(var.targets) == 2 && length([for target in values(var.targets) : target if target.weight > 0]) == 1)
    error_message = "For failover name two targets, the primary with a weight above 0 and the secondary with weight = 0."
  }
}

variable "cluster_names" {
  description = "Whether each cluster gets a name of its own as well, <cluster>.<name>, which always leads there"
  type        = bool
  default     = true
}

variable "health_check" {
  description = "How Route 53 looks at each target from outside: the port of the ingress, over TCP; with path over HTTPS, asking for the cluster's own name, which its certificate must be for. A target whose share of well checkers falls under 18 % gets no clients"
  type = object({
    port              = optional(number, 443)
    path              = optional(string)
    request_interval  = optional(number, 10)
    failure_threshold = optional(number, 3)
  })
  default = {}

  validation {
    condition     = var.health_check.port >= 1 && var.health_check.port <= 65535
    error_message = "A port is 1 to 65535."
  }

  validation {
    condition     = var.health_check.path == null || startswith(coalesce(var.health_check.path, "/"), "/")
    error_message = "A path begins with /, such as /healthz."
  }

  validation {
    condition     = var.health_check.path == null || var.cluster_names
    error_message = "With a path each cluster is asked by its own name: leave cluster_names true."
  }

  validation {
    condition     = contains([10, 30], var.health_check.request_interval)
    error_message = "Route 53 looks every 10 or every 30 seconds."
  }

  validation {
    condition     = var.health_check.failure_threshold >= 1 && var.health_check.failure_threshold <= 10
    error_message = "Use 1 to 10 failures in a row."
  }
}

variable "tags" {
  description = "Tags of the health checks"
  type        = map(string)
  default     = {}
}
