variable "federation" {
  description = "Name of the federation"
  type        = string
  default     = "acme"
}

variable "package" {
  description = "The gateways' package, and its SHA-256"
  type = object({
    url    = string
    sha256 = string
  })
}

variable "home" {
  description = "Region and VPC of the cluster that founds the federation, and has the etcd beside it"
  type = object({
    region             = string
    vpc_id             = string
    cidr_block         = string
    private_subnet_ids = map(string)
  })
}

variable "away" {
  description = "Region and VPC of the other cluster"
  type = object({
    region             = string
    vpc_id             = string
    cidr_block         = string
    private_subnet_ids = map(string)
  })

  validation {
    condition     = var.away.cidr_block != var.home.cidr_block
    error_message = "The two VPCs reach each other, and so can't have the same range of addresses."
  }
}

variable "etcd_members" {
  description = "Members of the etcd, by name, in three zones of the home region"
  type = map(object({
    subnet_id         = string
    availability_zone = string
    private_ip        = string
  }))
}

variable "deletion_protection" {
  description = "False, applied before a destroy, lets go of load balancers, instances and backups"
  type        = bool
  default     = true
}
