variable "name" {
  description = "Name of the etcd cluster: of its resources, its secrets, and the folder of its backups"
  type        = string
  default     = "isthmus-etcd"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,27}$", var.name))
    error_message = "Use lower-case letters, digits and hyphens, 28 at most, a letter first: it begins names of IAM roles and buckets."
  }
}

variable "federation" {
  description = "Name of the Isthmus federation whose registry this is; clients may use its part of etcd alone"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.federation))
    error_message = "Use lower-case letters, digits and inner hyphens, at most 63 characters."
  }
}

variable "vpc_id" {
  description = "VPC of the members"
  type        = string
}

variable "members" {
  description = "Members of the cluster that this call makes, by name: a private subnet each, in zones of their own, and an address in it that stays when an instance is replaced. The first by name issues the certificates of clients"
  type = map(object({
    subnet_id         = string
    availability_zone = string
    private_ip        = string
  }))

  validation {
    condition     = length(var.members) > 0
    error_message = "Name one member at least, such as { etcd-1 = { subnet_id = \"subnet-...\", availability_zone = \"eu-west-1a\", private_ip = \"10.0.1.10\" } }."
  }

  validation {
    condition     = alltrue([for name in keys(var.members) : can(regex("^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "Use lower-case letters, digits and inner hyphens for names of members, 32 at most."
  }

  validation {
    condition     = alltrue([for member in values(var.members) : can(cidrhost("${member.private_ip}/32", 0))])
    error_message = "private_ip is an IPv4 address of the member's subnet, such as 10.0.1.10."
  }

  validation {
    condition     = length(distinct([for member in values(var.members) : member.availability_zone])) == length(var.members)
    error_message = "Put each member into a zone of its own: two in one zone are lost together, and the cluster with them."
  }
}

variable "other_members" {
  description = "Members that other calls make, in other regions: their addresses by name. The VPCs must reach each other, by peering or a transit gateway"
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for address in values(var.other_members) : can(cidrhost("${address}/32", 0))])
    error_message = "Give the IPv4 address of each, such as { etcd-2 = \"10.1.1.10\" }."
  }

  validation {
    condition     = contains([1, 3, 5, 7], length(var.members) + length(var.other_members))
    error_message = "A cluster has 1, 3, 5 or 7 members, these and the others together: an even number survives no more losses than one less."
  }

  validation {
    condition     = length(setintersection(keys(var.members), keys(var.other_members))) == 0
    error_message = "A member is named both here and under members: each has a name of its own."
  }
}

variable "certificate_authority" {
  description = "The authority of etcd's certificates, where another call made it: that one's output of this name. Null where this call is the one: its members make the authority themselves when they first start"
  type = object({
    secret_arn = string
  })
  default = null

  validation {
    condition     = var.certificate_authority == null || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+", var.certificate_authority.secret_arn))
    error_message = "secret_arn is the ARN of a secret: use the output certificate_authority of the call that made it."
  }
}

variable "clients" {
  description = "Clusters of the federation that use this etcd, by name: each gets a secret with a client certificate, and a role. With admits = true it may create join tokens and evict other clusters, which the founding one needs. Only in the call that makes the authority"
  type = map(object({
    admits = optional(bool, false)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.clients) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name)) && name != "root"])
    error_message = "A client is the name of a cluster: lower-case letters, digits and inner hyphens, and not root, which is etcd's administrator."
  }

  validation {
    condition     = length(var.clients) == 0 || var.certificate_authority == null
    error_message = "Name the clients in the call that makes the authority, and nowhere else: leave clients empty here."
  }

  validation {
    condition     = length(var.clients) == 0 || anytrue([for client in values(var.clients) : client.admits])
    error_message = "One client at least needs admits = true, the cluster that founds the federation: without it nobody could join."
  }
}

variable "client_security_group_ids" {
  description = "Security groups, by any name, whose instances may connect as clients: those of gateways in this region"
  type        = map(string)
  default     = {}
}

variable "client_cidr_blocks" {
  description = "Ranges of addresses that may connect as clients: the private subnets of gateways in other regions"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.client_cidr_blocks : can(cidrhost(range, 0)) && !endswith(range, "/0")])
    error_message = "Use ranges of private addresses, such as 10.1.0.0/16; etcd is not for the whole internet."
  }
}

variable "instance_type" {
  description = "Type of the members' instances; its architecture must be that of the image"
  type        = string
  default     = "m7g.medium"
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
  description = "Image of the members, Debian 12 or later; default the newest of Debian 13. Another image replaces no member by itself: see the README on upgrades"
  type        = string
  default     = null
}

variable "volume_size" {
  description = "Size of each member's data volume in GiB; etcd keeps 2 GiB of data at most, by its default quota"
  type        = number
  default     = 20

  validation {
    condition     = var.volume_size >= 8 && var.volume_size <= 16384
    error_message = "Use 8 to 16384 GiB: twice the quota, and room for a snapshot."
  }
}

variable "kms_key_arn" {
  description = "KMS key for volumes, secrets and backups; default the keys that AWS manages for each service"
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+", var.kms_key_arn))
    error_message = "Use the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>; an alias can change under the volumes."
  }
}

variable "backup" {
  description = "Snapshots to S3: when, as systemd's OnCalendar has it, and for how many days each is kept"
  type = object({
    on_calendar    = optional(string, "hourly")
    retention_days = optional(number, 30)
  })
  default = {}

  validation {
    condition     = var.backup.retention_days >= 1 && var.backup.retention_days <= 3650
    error_message = "Keep backups for 1 to 3650 days."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9*/:., ~-]+$", var.backup.on_calendar))
    error_message = "Use a calendar event of systemd, such as hourly, daily or *-*-* 0/6:00:00 (`systemd-analyze calendar` tells)."
  }
}

variable "deletion_protection" {
  description = "Whether instances can't be terminated, the bucket with backups can't be removed while it holds any, and secrets can be restored for 30 days. Set false and apply before a destroy"
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything"
  type        = map(string)
  default     = {}
}
