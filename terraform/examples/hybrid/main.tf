# A datacenter that founds the federation and hosts its registry, and a cluster on AWS that joins.

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
  region = var.network.region
}

module "datacenter" {
  source = "../../modules/region"

  federation = var.federation
  cluster    = "datacenter"
  region     = "datacenter"
  package    = var.datacenter_package
  registry   = { embedded = { advertise = "${var.datacenter_host}:7379" } }
  advertise  = { eastWest = ["${var.datacenter_host}:7443"], federation = ["${var.datacenter_host}:7444"] }
  services   = var.datacenter_services
}

module "cloud" {
  source = "../../modules/region-aws"

  federation             = var.federation
  cluster                = "cloud"
  package                = var.package
  vpc_id                 = var.network.vpc_id
  subnet_ids             = var.network.private_subnet_ids
  federation_cidr_blocks = var.datacenter_cidr_blocks
  deletion_protection    = var.deletion_protection
  # Its token comes from the datacenter, when that runs.
  waits_until_ready = false
}
