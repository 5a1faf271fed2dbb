resource "isthmus_traffic_policy" "cart" {
  namespace = "shop"
  name      = "cart"

  target = {
    service = "cart"
  }

  # A client of the shop keeps its copy.
  balance = {
    algorithm = "maglev"
    hash      = { cookie = "session" }
    retry     = { max_tries = 3 }
  }

  timeouts = {
    request = "5s"
    per_try = "2s"
  }
}
