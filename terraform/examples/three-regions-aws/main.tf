# Three clusters in three regions, an etcd with a member in each, and one name that leads clients to the nearest. Any region may be lost: the
# others serve, and take changes.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 7.0"
    }
  }
}

provider "aws" {
  region = var.networks["us-east"].region
}

provider "aws" {
  alias  = "eu_west"
  region = var.networks["eu-west"].region
}

provider "aws" {
  alias  = "ap_south"
  region = var.networks["ap-south"].region
}

locals {
  etcd_addresses = { for cluster, network in var.networks : "etcd-${cluster}" => network.etcd.private_ip }
  etcd_members = { for cluster, network in var.networks : cluster => {
    "etcd-${cluster}" = network.etcd
  } }
  other_members = { for cluster in keys(var.networks) : cluster => {
    for name, address in local.etcd_addresses : name => address if name != "etcd-${cluster}"
  } }
  other_ranges = { for cluster in keys(var.networks) : cluster => [
    for other, network in var.networks : network.cidr_block if other != cluster
  ] }

  ingress = [{
    listen       = "0.0.0.0:443"
    certificates = [{ cert = "secrets/ingress.pem", key = "secrets/ingress.key", default = true }]
    routes       = [{ host = var.name, service = var.service }]
  }]
  secrets = { for cluster, network in var.networks : cluster => {
    "ingress.pem" = { arn = network.certificate_secret_arn, field = "cert" }
    "ingress.key" = { arn = network.certificate_secret_arn, field = "key" }
  } }
}

################################################################################
# The registry: a member in each region. The first call makes the authority, and each cluster's client certificate.
################################################################################

module "etcd_us_east" {
  source = "../../modules/etcd-aws"

  federation                = var.federation
  vpc_id                    = var.networks["us-east"].vpc_id
  members                   = local.etcd_members["us-east"]
  other_members             = local.other_members["us-east"]
  clients                   = { us-east = { admits = true }, eu-west = {}, ap-south = {} }
  client_security_group_ids = { us-east = module.us_east.security_group_id }
  client_cidr_blocks        = local.other_ranges["us-east"]
  deletion_protection       = var.deletion_protection
}

module "etcd_eu_west" {
  source    = "../../modules/etcd-aws"
  providers = { aws = aws.eu_west }

  federation                = var.federation
  vpc_id                    = var.networks["eu-west"].vpc_id
  members                   = local.etcd_members["eu-west"]
  other_members             = local.other_members["eu-west"]
  certificate_authority     = module.etcd_us_east.certificate_authority
  client_security_group_ids = { eu-west = module.eu_west.security_group_id }
  client_cidr_blocks        = local.other_ranges["eu-west"]
  deletion_protection       = var.deletion_protection
}

module "etcd_ap_south" {
  source    = "../../modules/etcd-aws"
  providers = { aws = aws.ap_south }

  federation                = var.federation
  vpc_id                    = var.networks["ap-south"].vpc_id
  members                   = local.etcd_members["ap-south"]
  other_members             = local.other_members["ap-south"]
  certificate_authority     = module.etcd_us_east.certificate_authority
  client_security_group_ids = { ap-south = module.ap_south.security_group_id }
  client_cidr_blocks        = local.other_ranges["ap-south"]
  deletion_protection       = var.deletion_protection
}

################################################################################
# The clusters. us-east founds the federation, and admits the other two.
################################################################################

module "us_east" {
  source = "../../modules/region-aws"

  federation             = var.federation
  cluster                = "us-east"
  package                = var.package
  vpc_id                 = var.networks["us-east"].vpc_id
  subnet_ids             = var.networks["us-east"].private_subnet_ids
  edge_subnet_ids        = var.networks["us-east"].public_subnet_ids
  is_internal            = false
  federation_cidr_blocks = ["0.0.0.0/0"]
  client_cidr_blocks     = ["0.0.0.0/0"]
  ingress                = local.ingress
  secrets                = local.secrets["us-east"]
  admits                 = { eu-west = module.eu_west.join_token_secret_arn, ap-south = module.ap_south.join_token_secret_arn }
  deletion_protection    = var.deletion_protection
  registry_etcd = {
    endpoints         = module.etcd_us_east.endpoints
    client_secret_arn = module.etcd_us_east.client_secret_arns["us-east"]
    found             = true
  }
}

module "eu_west" {
  source    = "../../modules/region-aws"
  providers = { aws = aws.eu_west }

  federation             = var.federation
  cluster                = "eu-west"
  package                = var.package
  vpc_id                 = var.networks["eu-west"].vpc_id
  subnet_ids             = var.networks["eu-west"].private_subnet_ids
  edge_subnet_ids        = var.networks["eu-west"].public_subnet_ids
  is_internal            = false
  federation_cidr_blocks = ["0.0.0.0/0"]
  client_cidr_blocks     = ["0.0.0.0/0"]
  ingress                = local.ingress
  secrets                = local.secrets["eu-west"]
  deletion_protection    = var.deletion_protection
  registry_etcd = {
    endpoints         = module.etcd_us_east.endpoints
    client_secret_arn = module.etcd_us_east.client_secret_arns["eu-west"]
  }
}

module "ap_south" {
  source    = "../../modules/region-aws"
  providers = { aws = aws.ap_south }

  federation             = var.federation
  cluster                = "ap-south"
  package                = var.package
  vpc_id                 = var.networks["ap-south"].vpc_id
  subnet_ids             = var.networks["ap-south"].private_subnet_ids
  edge_subnet_ids        = var.networks["ap-south"].public_subnet_ids
  is_internal            = false
  federation_cidr_blocks = ["0.0.0.0/0"]
  client_cidr_blocks     = ["0.0.0.0/0"]
  ingress                = local.ingress
  secrets                = local.secrets["ap-south"]
  deletion_protection    = var.deletion_protection
  registry_etcd = {
    endpoints         = module.etcd_us_east.endpoints
    client_secret_arn = module.etcd_us_east.client_secret_arns["ap-south"]
  }
}

module "dns" {
  source = "../../modules/dns-aws"

  zone_id = var.zone_id
  name    = var.name
  targets = {
    us-east  = module.us_east.dns_target
    eu-west  = module.eu_west.dns_target
    ap-south = module.ap_south.dns_target
  }
}
