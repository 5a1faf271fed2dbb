ephemeral "isthmus_join_token" "dc3" {
  ttl = "5m"
}

# The token is in the environment of one command, and in no state and no plan.
resource "terraform_data" "join_dc3" {
  provisioner "local-exec" {
    command = "isthmus join --yes"

    environment = {
      ISTHMUS_ADMIN = "http://gateway.dc3.example:7001"
      ISTHMUS_TOKEN = ephemeral.isthmus_join_token.dc3.token
    }
  }
}
