# spiffe://dc1.acme/gateway/gateway-1
output "id_of_gateway" {
  value = provider::isthmus::spiffe_id("dc1.acme", "/gateway/gateway-1")
}
