terraform {
  required_providers {
    isthmus = {
      source = "isthmus.internal/isthmus/isthmus"
    }
  }
}

# The gateway that ISTHMUS_ADMIN names, with the token in ISTHMUS_ADMIN_TOKEN.
provider "isthmus" {}

# A gateway of another cluster: `provider = isthmus.dc2` in what is for it.
provider "isthmus" {
  alias      = "dc2"
  address    = "https://gateway.dc2.example:7001"
  token_file = "/etc/isthmus/terraform.token"
  ca_file    = "/etc/isthmus/admin-ca.pem"
}
