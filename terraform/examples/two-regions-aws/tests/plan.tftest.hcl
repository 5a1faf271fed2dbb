mock_provider "aws" {
  source = "../../modules/region-aws/tests/mocks"
}

mock_provider "aws" {
  alias  = "away"
  source = "../../modules/region-aws/tests/mocks"
}

run "two_private_clusters_of_which_one_founds_and_admits_the_other" {
  command = plan

  variables {
    package = { url = "https://packages.example.com/isthmus_0.2.0_arm64.deb", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
    home = {
      region             = "eu-west-1", vpc_id = "vpc-eu", cidr_block = "10.0.0.0/16"
      private_subnet_ids = { eu-west-1a = "subnet-eu-a", eu-west-1b = "subnet-eu-b", eu-west-1c = "subnet-eu-c" }
    }
    away = {
      region             = "us-east-1", vpc_id = "vpc-us", cidr_block = "10.1.0.0/16"
      private_subnet_ids = { us-east-1a = "subnet-us-a", us-east-1b = "subnet-us-b" }
    }
    etcd_members = {
      etcd-1 = { subnet_id = "subnet-eu-a", availability_zone = "eu-west-1a", private_ip = "10.0.1.10" }
      etcd-2 = { subnet_id = "subnet-eu-b", availability_zone = "eu-west-1b", private_ip = "10.0.2.10" }
      etcd-3 = { subnet_id = "subnet-eu-c", availability_zone = "eu-west-1c", private_ip = "10.0.3.10" }
    }
  }

  assert {
    condition     = module.home.join_token_secret_arn == null
    error_message = "Who founds joins nobody."
  }

  assert {
    condition     = join(" ", module.etcd.endpoints) == "https://10.0.1.10:2379 https://10.0.2.10:2379 https://10.0.3.10:2379"
    error_message = "Both have the whole etcd."
  }
}
