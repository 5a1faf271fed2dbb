# Each API key may ask for orders 100 times a second, whichever gateway of the cluster it asks.
resource "isthmus_rate_limit" "per_key" {
  namespace = "shop"
  name      = "per-key"
  target    = { service = "orders" }
  requests  = 100
  burst     = 200
  key       = [{ header = "x-api-key" }]
  shared    = true
}
