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

variable "zone_id" {
  description = "Public hosted zone in Route 53"
  type        = string
}

variable "name" {
  description = "Name for clients, in that zone"
  type        = string
}

variable "service" {
  description = "Service that requests for that name go to, `<service>.<namespace>`"
  type        = string
}

variable "networks" {
  description = "The VPC of each cluster: us-east, eu-west and ap-south. The private subnets reach each other (peering or a transit gateway) and, through NAT, the internet. The certificate's secret is JSON with cert and key, PEM"
  type = map(object({
    region                 = string
    vpc_id                 = string
    cidr_block             = string
    private_subnet_ids     = map(string)
    public_subnet_ids      = map(string)
    certificate_secret_arn = string
    etcd = object({
      subnet_id         = string
      availability_zone = string
      private_ip        = string
    })
  }))

  validation {
    condition     = length(setsubtract(["us-east", "eu-west", "ap-south"], keys(var.networks))) == 0 && length(var.networks) == 3
    error_message = "Its keys are us-east, eu-west and ap-south; for other clusters change main.tf."
  }
}

variable "deletion_protection" {
  description = "False, applied before a destroy, lets go of load balancers, instances and backups"
  type        = bool
  default     = true
}
