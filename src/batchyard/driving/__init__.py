"""The driver of controllers: it claims their keys, and sees to it that time goes forward for them."""
