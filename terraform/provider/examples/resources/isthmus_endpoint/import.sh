# NAMESPACE/SERVICE/ID
terraform import 'isthmus_endpoint.cart["cart-1"]' shop/cart/cart-1
