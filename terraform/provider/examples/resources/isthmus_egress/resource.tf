# Programs ask for http://api.example.com/ in clear text; gateways of dc1 go out over TLS, for all clusters.
resource "isthmus_egress" "payments" {
  namespace = "shop"
  name      = "payments"
  host      = "api.example.com"
  port      = 443
  tls       = {}
  via       = "dc1"
}
