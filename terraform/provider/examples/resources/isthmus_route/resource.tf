resource "isthmus_route" "orders" {
  namespace = "shop"
  name      = "orders"

  # Whoever asks for orders.shop.
  parent_refs = [{ kind = "Service", name = "orders" }]

  rules = [
    # Testers get the new version.
    {
      matches      = [{ headers = [{ name = "x-tester", value = "yes" }] }]
      backend_refs = [{ name = "orders-v2" }]
    },
    # Of all others one in ten does.
    {
      backend_refs = [
        { name = "orders", weight = 90 },
        { name = "orders-v2", weight = 10 },
      ]
    },
  ]
}
