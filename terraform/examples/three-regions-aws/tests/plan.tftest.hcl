mock_provider "aws" {
  source = "../../modules/region-aws/tests/mocks"

  mock_data "aws_region" {
    defaults = { name = "us-east-1" }
  }
}

mock_provider "aws" {
  alias  = "eu_west"
  source = "../../modules/region-aws/tests/mocks"
}

mock_provider "aws" {
  alias  = "ap_south"
  source = "../../modules/region-aws/tests/mocks"

  mock_data "aws_region" {
    defaults = { name = "ap-south-1" }
  }
}

variables {
  package = { url = "https://packages.example.com/isthmus_0.2.0_arm64.deb", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
  zone_id = "Z0123456789ABCDEFGHIJ"
  name    = "api.example.com"
  service = "api.shop"
  networks = {
    us-east = {
      region                 = "us-east-1", vpc_id = "vpc-us", cidr_block = "10.0.0.0/16"
      private_subnet_ids     = { us-east-1a = "subnet-us-a", us-east-1b = "subnet-us-b" }
      public_subnet_ids      = { us-east-1a = "subnet-us-pa", us-east-1b = "subnet-us-pb" }
      certificate_secret_arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:www"
      etcd                   = { subnet_id = "subnet-us-a", availability_zone = "us-east-1a", private_ip = "10.0.1.10" }
    }
    eu-west = {
      region                 = "eu-west-1", vpc_id = "vpc-eu", cidr_block = "10.1.0.0/16"
      private_subnet_ids     = { eu-west-1a = "subnet-eu-a", eu-west-1b = "subnet-eu-b" }
      public_subnet_ids      = { eu-west-1a = "subnet-eu-pa", eu-west-1b = "subnet-eu-pb" }
      certificate_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:www"
      etcd                   = { subnet_id = "subnet-eu-a", availability_zone = "eu-west-1a", private_ip = "10.1.1.10" }
    }
    ap-south = {
      region                 = "ap-south-1", vpc_id = "vpc-ap", cidr_block = "10.2.0.0/16"
      private_subnet_ids     = { ap-south-1a = "subnet-ap-a", ap-south-1b = "subnet-ap-b" }
      public_subnet_ids      = { ap-south-1a = "subnet-ap-pa", ap-south-1b = "subnet-ap-pb" }
      certificate_secret_arn = "arn:aws:secretsmanager:ap-south-1:111122223333:secret:www"
      etcd                   = { subnet_id = "subnet-ap-a", availability_zone = "ap-south-1a", private_ip = "10.2.1.10" }
    }
  }
}


run "three_clusters_share_an_etcd_and_a_name" {
  command = plan

  assert {
    condition     = module.etcd_us_east.endpoints == module.etcd_ap_south.endpoints && length(module.etcd_eu_west.endpoints) == 3
    error_message = "Every call knows all members."
  }

  assert {
    condition     = module.us_east.join_token_secret_arn == null
    error_message = "One cluster founds, and needs no token."
  }
}
