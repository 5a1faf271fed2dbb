# NAMESPACE/NAME
terraform import isthmus_authentication.orders shop/orders
