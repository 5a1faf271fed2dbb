# NAMESPACE/SERVICE
terraform import isthmus_failover.orders shop/orders
