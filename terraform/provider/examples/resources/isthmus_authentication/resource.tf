# Who asks orders needs a token of our issuer; the service is told whose it is.
resource "isthmus_authentication" "orders" {
  namespace = "shop"
  name      = "orders"

  target = {
    service = "orders"
  }

  required = true

  jwt_rules = [{
    issuer    = "https://id.example.com"
    audiences = ["shop"]
    jwks_uri  = "https://id.example.com/keys"

    output_claim_to_headers = [{ header = "x-user", claim = "sub" }]
  }]
}
