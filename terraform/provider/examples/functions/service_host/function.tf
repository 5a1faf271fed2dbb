# orders.shop.acme
output "host_of_orders" {
  value = provider::isthmus::service_host("orders.shop", "acme")
}
