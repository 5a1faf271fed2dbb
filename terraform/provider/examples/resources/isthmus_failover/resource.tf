# One request in five for orders.shop goes to dc2, from wherever it comes.
resource "isthmus_failover" "orders" {
  namespace = "shop"
  service   = "orders"
  to        = "dc2"
  percent   = 20
  reason    = "dc2 is tried with real traffic"
}
