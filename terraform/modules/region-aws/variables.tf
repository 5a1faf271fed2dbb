variable "federation" {
  description = "Name of the federation: services are `<service>.<namespace>.<federation>`"
  type        = string
}

variable "cluster" {
  description = "Name of the cluster in this region, a DNS label of at most 23 characters: names of load balancers begin with it"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,21}[a-z0-9])?$", var.cluster)) && !startswith(var.cluster, "internal-")
    error_message = "Use lower-case letters, digits and inner hyphens, at most 23 characters, and not internal- to begin with, which AWS keeps for itself."
  }
}

variable "capacity" {
  description = "Requests per second that the cluster can take; drills hold load against it. Default: not stated"
  type        = number
  default     = null
}

variable "package" {
  description = "The package that instances install: where it is (`.deb`), and its SHA-256. Null: the image has it"
  type = object({
    url    = string
    sha256 = string
  })
}

################################################################################
# Network
################################################################################

variable "vpc_id" {
  description = "VPC of the gateways"
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the gateways and of the load balancer for this cluster's programs, by availability zone; they need a way out to AWS and to the other clusters (NAT)"
  type        = map(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "Name subnets in two zones at least, such as { eu-west-1a = \"subnet-...\", eu-west-1b = \"subnet-...\" }: a cluster in one zone is lost with it."
  }

  validation {
    condition     = alltrue([for zone in keys(var.subnet_ids) : can(regex("^[a-z]{2}(-[a-z0-9]+)+-[0-9][a-z]$", zone))])
    error_message = "Keys are availability zones, such as eu-west-1a."
  }
}

variable "edge_subnet_ids" {
  description = "Subnets of the load balancer that other clusters and clients from outside connect to, by availability zone: public ones where `is_internal` is false. Default `subnet_ids`"
  type        = map(string)
  default     = null
}

variable "is_internal" {
  description = "Whether the load balancer for other clusters has private addresses alone, so that they reach it by peering or a transit gateway"
  type        = bool
  default     = true

  validation {
    condition     = var.is_internal || var.edge_subnet_ids != null
    error_message = "A load balancer on the internet needs public subnets: name them under edge_subnet_ids; gateways stay in private ones."
  }
}

variable "federation_cidr_blocks" {
  description = "Ranges from which gateways of other clusters connect, and to which these connect. Every connection is mutual TLS; 0.0.0.0/0 takes `is_internal = false`, for clusters whose addresses change"
  type        = list(string)

  validation {
    condition     = alltrue([for range in var.federation_cidr_blocks : can(cidrhost(range, 0))])
    error_message = "Use ranges, such as 10.1.0.0/16."
  }

  validation {
    condition     = !var.is_internal || !anytrue([for range in var.federation_cidr_blocks : endswith(range, "/0")])
    error_message = "An internal load balancer is not for the whole internet: name the other clusters' ranges."
  }
}

variable "program_cidr_blocks" {
  description = "Ranges of this cluster's programs, which may ask the outbound listener. Default the VPC's own"
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for range in coalesce(var.program_cidr_blocks, []) : can(cidrhost(range, 0)) && !endswith(range, "/0")])
    error_message = "Use ranges of private addresses: the outbound listener leads to every service of the federation, and asks nobody who they are."
  }
}

variable "client_cidr_blocks" {
  description = "Ranges of clients from outside, who may connect to `ingress` and `tcp`: [\"0.0.0.0/0\"] for everybody. Default nobody"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.client_cidr_blocks : can(cidrhost(range, 0))])
    error_message = "Use ranges, such as 203.0.113.0/24, or 0.0.0.0/0 for everybody."
  }
}

variable "service_cidr_blocks" {
  description = "Ranges where this cluster's services are, to which gateways connect at any port. Default the VPC's own"
  type        = list(string)
  default     = null
}

variable "metrics_security_group_ids" {
  description = "Security groups, by any name, whose instances may read `/metrics` at the health port: Prometheus"
  type        = map(string)
  default     = {}
}

variable "ssh_security_group_ids" {
  description = "Security groups, by any name, whose instances may connect by SSH: that of an EC2 Instance Connect endpoint. Default nobody"
  type        = map(string)
  default     = {}
}

variable "advertise_host" {
  description = "Name at which other clusters reach the gateways: a record that leads to the load balancer (see dns-aws). Default the load balancer's own name"
  type        = string
  default     = null
}

################################################################################
# What the gateways do: passed to the module region, which says what is wrong with it
################################################################################

variable "registry_etcd" {
  description = "The federation's etcd: its URLs, by IPv4 address, and the secret with this cluster's client certificate (outputs of etcd-aws). `found` on one cluster only. Null: the registry comes with joining"
  type = object({
    endpoints         = list(string)
    client_secret_arn = string
    found             = optional(bool, false)
  })
  default = null

  validation {
    condition     = alltrue([for url in try(var.registry_etcd.endpoints, []) : can(regex("^https://[0-9]{1,3}(\\.[0-9]{1,3}){3}:[0-9]{1,5}$", url))])
    error_message = "Write endpoints as https://10.0.1.10:2379: TLS alone, and by address, so that the security group can open them and no more."
  }
}

variable "admits" {
  description = "Clusters that this one admits into the federation by itself, and the secret where each looks for its join token (`join_token_secret_arn` of its own call). While such a cluster is no member, a fresh token is put there every five minutes"
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.admits) : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+", arn))])
    error_message = "Give the ARN of each cluster's secret."
  }

  validation {
    condition     = !contains(keys(var.admits), var.cluster)
    error_message = "A cluster does not admit itself: name the others."
  }
}

variable "services" {
  description = "Services whose endpoints are known beforehand, as the module region has them"
  type        = any
  default     = []
}

variable "ingress" {
  description = "Listeners for TLS from outside, as the module region has them; each gets a listener of the load balancer at its own port, and PROXY protocol. Certificates are files of `secrets`, below /etc/isthmus/secrets"
  type        = any
  default     = []

  validation {
    condition     = alltrue([for one in var.ingress : can(regex(":[1-9][0-9]{0,4}$", one.listen))])
    error_message = "Each has listen = \"0.0.0.0:443\", or another port."
  }
}

variable "tcp" {
  description = "TCP ports that lead to services, as the module region has them; each gets a listener of the load balancer, and PROXY protocol"
  type        = any
  default     = []

  validation {
    condition     = alltrue([for one in var.tcp : can(regex(":[1-9][0-9]{0,4}$", one.listen))])
    error_message = "Each has listen = \"0.0.0.0:5432\", or another port."
  }
}

variable "gateway" {
  description = "Further inputs of the module region: network, balance, timeouts, limits, workers, warm_up, overload, expose_decision, log, tracing, metrics, sampling, ca, audit, history, quotas, verify, trust"
  type        = any
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.gateway), ["network", "balance", "timeouts", "limits", "workers", "warm_up", "overload", "expose_decision", "log", "tracing", "metrics", "sampling", "ca", "audit", "history", "quotas", "verify", "trust"])) == 0
    error_message = "Use network, balance, timeouts, limits, workers, warm_up, overload, expose_decision, log, tracing, metrics, sampling, ca, audit, history, quotas, verify or trust; the rest this module decides, or has an input of its own for."
  }
}

variable "secrets" {
  description = "Files below /etc/isthmus/secrets and the secrets they come from, fetched at boot and daily: certificates and keys of ingresses. With `field` the secret is JSON, and the file one field of it"
  type = map(object({
    arn   = string
    field = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for secret in values(var.secrets) : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+", secret.arn))])
    error_message = "arn is that of a secret in Secrets Manager."
  }

  validation {
    condition     = length(setintersection(keys(var.secrets), ["etcd-ca.pem", "etcd.pem", "etcd.key", "local-admin"])) == 0
    error_message = "etcd-ca.pem, etcd.pem, etcd.key and local-admin are files of this module's own."
  }
}

variable "secret_kms_key_arns" {
  description = "KMS keys of `secrets` and of etcd's client certificate, where they are not encrypted by `kms_key_arn` or the key that AWS manages"
  type        = list(string)
  default     = []
}

################################################################################
# Instances
################################################################################

variable "size" {
  description = "Number of gateways: min, max, and desired to begin with; afterwards scaling decides"
  type = object({
    min     = optional(number, 2)
    max     = optional(number, 6)
    desired = optional(number, 2)
  })
  default = {}

  validation {
    condition     = var.size.min >= 1 && var.size.min <= var.size.desired && var.size.desired <= var.size.max && var.size.max <= 32
    error_message = "Use 1 <= min <= desired <= max <= 32."
  }
}

variable "waits_until_ready" {
  description = "Whether an apply waits until `size.min` gateways are ready, 15 minutes at most, and fails if they are not. False for a cluster whose join token is put into its secret by hand, after the apply"
  type        = bool
  default     = true
}

variable "cpu_target" {
  description = "Average CPU load, in percent, that the group is scaled to; null: it stays as it is"
  type        = number
  default     = 50

  validation {
    condition     = var.cpu_target == null ? true : var.cpu_target >= 10 && var.cpu_target <= 90
    error_message = "Use 10 to 90 percent, or null."
  }
}

variable "instance_type" {
  description = "Type of the instances; its architecture must be that of the image and the package"
  type        = string
  default     = "c7g.large"
}

variable "architecture" {
  description = "Architecture of the image where ami_id is null: arm64 or amd64"
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "amd64"], var.architecture)
    error_message = "Use arm64 or amd64."
  }
}

variable "ami_id" {
  description = "Image of the instances, Debian 12 or later; default the newest of Debian 13, so that an apply may replace instances, one after the other"
  type        = string
  default     = null
}

variable "key_name" {
  description = "SSH key of the instances, for those that `ssh_security_group_ids` lets in; default none"
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "KMS key for volumes and this module's secrets; its policy must let the service-linked role of auto scaling use it. Default the keys that AWS manages"
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+", var.kms_key_arn))
    error_message = "Use the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>."
  }
}

variable "drain_seconds" {
  description = "Seconds that a gateway which ends waits for what is in flight"
  type        = number
  default     = 60

  validation {
    condition     = var.drain_seconds >= 5 && var.drain_seconds <= 3600 && floor(var.drain_seconds) == var.drain_seconds
    error_message = "Use 5 to 3600 whole seconds."
  }
}

variable "deregistration_seconds" {
  description = "Seconds that a gateway goes on taking connections after it was told to end: until load balancers send it no more"
  type        = number
  default     = 90

  validation {
    condition     = var.deregistration_seconds >= 0 && var.deregistration_seconds <= 3600 && floor(var.deregistration_seconds) == var.deregistration_seconds
    error_message = "Use 0 to 3600 whole seconds."
  }
}

variable "max_instance_lifetime_days" {
  description = "Days after which an instance is replaced, 1 to 365; null: it is not for its age"
  type        = number
  default     = null

  validation {
    condition     = var.max_instance_lifetime_days == null ? true : var.max_instance_lifetime_days >= 1 && var.max_instance_lifetime_days <= 365
    error_message = "Use 1 to 365 days, or null."
  }
}

variable "deletion_protection" {
  description = "Whether load balancers can't be deleted, and secrets can be restored for 30 days. Set false and apply before a destroy"
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything"
  type        = map(string)
  default     = {}
}
