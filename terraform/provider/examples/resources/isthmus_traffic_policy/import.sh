# NAMESPACE/NAME
terraform import isthmus_traffic_policy.cart shop/cart
