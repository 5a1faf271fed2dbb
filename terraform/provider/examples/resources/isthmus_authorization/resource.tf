# Nobody may ask the services of shop for anything ...
resource "isthmus_authorization" "nothing" {
  namespace = "shop"
  name      = "nothing"
}

# ... but for clients of dc1 and dc2, which may read orders.
resource "isthmus_authorization" "orders" {
  namespace = "shop"
  name      = "orders"

  target = {
    service = "orders"
  }

  rules = [{
    from = [{ source = { clusters = ["dc1", "dc2"] } }]
    to   = [{ operation = { methods = ["GET", "HEAD"], paths = ["/orders", "/orders/*"] } }]
  }]
}
