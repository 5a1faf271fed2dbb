data "isthmus_endpoints" "orders" {
  service = "orders.shop"
}

output "addresses_of_orders" {
  value = [for one in data.isthmus_endpoints.orders.endpoints : "${one.address}:${one.port}"]
}
