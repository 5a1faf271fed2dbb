# NAMESPACE/NAME
terraform import isthmus_authorization.orders shop/orders
