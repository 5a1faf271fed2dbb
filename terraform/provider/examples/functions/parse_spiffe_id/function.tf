# dc1
output "cluster_of_gateway" {
  value = provider::isthmus::parse_spiffe_id("spiffe://dc1.acme/gateway/gateway-1").cluster
}
