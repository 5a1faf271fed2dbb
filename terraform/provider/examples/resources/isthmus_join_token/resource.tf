resource "isthmus_join_token" "dc4" {
  ttl = "1h"

  # Another token is made when this is changed.
  keepers = {
    machine = "i-0abc"
  }
}

output "token_of_dc4" {
  value     = isthmus_join_token.dc4.token
  sensitive = true
}
