# NAMESPACE/NAME
terraform import isthmus_service_export.cart shop/cart
