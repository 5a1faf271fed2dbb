# Two clusters in two regions, private throughout, and an etcd across the zones of the first.

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
  region = var.home.region
}

provider "aws" {
  alias  = "away"
  region = var.away.region
}

module "etcd" {
  source = "../../modules/etcd-aws"

  federation                = var.federation
  vpc_id                    = var.home.vpc_id
  members                   = var.etcd_members
  clients                   = { home = { admits = true }, away = {} }
  client_security_group_ids = { home = module.home.security_group_id }
  client_cidr_blocks        = [var.away.cidr_block]
  deletion_protection       = var.deletion_protection
}

module "home" {
  source = "../../modules/region-aws"

  federation             = var.federation
  cluster                = "home"
  package                = var.package
  vpc_id                 = var.home.vpc_id
  subnet_ids             = var.home.private_subnet_ids
  federation_cidr_blocks = [var.away.cidr_block]
  admits                 = { away = module.away.join_token_secret_arn }
  deletion_protection    = var.deletion_protection
  registry_etcd = {
    endpoints         = module.etcd.endpoints
    client_secret_arn = module.etcd.client_secret_arns["home"]
    found             = true
  }
}

module "away" {
  source    = "../../modules/region-aws"
  providers = { aws = aws.away }

  federation             = var.federation
  cluster                = "away"
  package                = var.package
  vpc_id                 = var.away.vpc_id
  subnet_ids             = var.away.private_subnet_ids
  federation_cidr_blocks = [var.home.cidr_block]
  deletion_protection    = var.deletion_protection
  registry_etcd = {
    endpoints         = module.etcd.endpoints
    client_secret_arn = module.etcd.client_secret_arns["away"]
  }
}
