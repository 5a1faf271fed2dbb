resource "isthmus_service" "cart" {
  namespace = "shop"
  name      = "cart"

  # Of endpoints that are registered without saying so themselves.
  protocol = "http2"
  check = {
    http     = { path = "/healthz", version = 2 }
    interval = "1s"
    fall     = 3
  }

  # Requests a second that its copies here can take, and where its requests must not go.
  capacity = 250
  never_to = ["dc3"]

  # Of all its endpoints; the file is one of each gateway's.
  tls = {
    hostname        = "cart.shop.internal"
    ca_certificates = "/etc/isthmus/endpoints-ca.pem"
  }
}
