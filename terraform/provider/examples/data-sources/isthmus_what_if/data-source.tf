data "isthmus_what_if" "without_dc1" {
  service = "orders.shop"
  without = ["dc1"]
}

# Says so, and goes on, where nobody is left to answer.
check "orders_survive_dc1" {
  assert {
    condition     = sum([for one in data.isthmus_what_if.without_dc1.candidates : one.share]) > 99
    error_message = "Without dc1 nobody answers for orders.shop."
  }
}
