mock_provider "aws" {
  source = "../../modules/region-aws/tests/mocks"
}

run "the_datacenter_founds_and_the_cloud_joins" {
  command = apply

  variables {
    package                = { url = "https://packages.example.com/isthmus_0.2.0_arm64.deb", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
    datacenter_host        = "gateway.dc.example"
    datacenter_cidr_blocks = ["192.0.2.0/24"]
    datacenter_services = [{
      name      = "orders", namespace = "shop"
      endpoints = [{ id = "orders-1", address = "192.0.2.5:8080" }]
    }]
    network = {
      region             = "eu-west-1", vpc_id = "vpc-eu"
      private_subnet_ids = { eu-west-1a = "subnet-eu-a", eu-west-1b = "subnet-eu-b" }
    }
  }

  assert {
    condition     = yamldecode(module.datacenter.gateway_yaml).registry.embedded.advertise == "gateway.dc.example:7379" && yamldecode(module.datacenter.gateway_yaml).services[0].name == "orders"
    error_message = "The registry is where the cloud reaches it."
  }

  assert {
    condition     = !can(yamldecode(module.cloud.gateway_yaml).registry) && output.join_token_secret_arn != null
    error_message = "The cloud learns of the registry when it joins, with a token."
  }
}
