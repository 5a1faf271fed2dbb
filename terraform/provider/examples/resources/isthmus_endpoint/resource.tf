resource "isthmus_endpoint" "cart" {
  for_each = {
    cart-1 = "10.0.0.5"
    cart-2 = "10.0.0.6"
  }

  namespace = "shop"
  service   = "cart"
  id        = each.key
  address   = each.value
  port      = 8080

  ports = [{ name = "admin", port = 9100 }]

  labels = {
    version = "v2"
  }

  check = {
    http = {
      path   = "/healthz"
      expect = ["204", "200-299"]
    }
    interval = "5s"
  }
}
