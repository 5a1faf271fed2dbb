# NAMESPACE/NAME
terraform import isthmus_service.cart shop/cart
