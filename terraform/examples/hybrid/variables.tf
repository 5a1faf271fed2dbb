variable "federation" {
  description = "Name of the federation"
  type        = string
  default     = "acme"
}

variable "package" {
  description = "The package for instances on AWS, of their architecture (arm64), and its SHA-256"
  type = object({
    url    = string
    sha256 = string
  })
}

variable "datacenter_package" {
  description = "The package for the datacenter's machine, and its SHA-256; null where it is installed already"
  type = object({
    url    = string
    sha256 = string
  })
  default = null
}

variable "datacenter_host" {
  description = "Name or address at which AWS reaches the datacenter's gateway"
  type        = string
}

variable "datacenter_cidr_blocks" {
  description = "Ranges that the datacenter's gateway connects from, and is reached at"
  type        = list(string)
}

variable "datacenter_services" {
  description = "Services of the datacenter whose endpoints are known beforehand, as the module region has them"
  type        = any
  default     = []
}

variable "network" {
  description = "Region and VPC of the cluster on AWS"
  type = object({
    region             = string
    vpc_id             = string
    private_subnet_ids = map(string)
  })
}

variable "deletion_protection" {
  description = "False, applied before a destroy, lets go of load balancers"
  type        = bool
  default     = true
}
