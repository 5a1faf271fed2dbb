# NAMESPACE/NAME
terraform import isthmus_route.orders shop/orders
